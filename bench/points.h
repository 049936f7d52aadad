/* points - what the programs that measure ingest and sealing log: noisy losses. */
#ifndef BENCH_POINTS_H
#define BENCH_POINTS_H
#include "../core/blocks.h"

/* The points of a frame of rows x keys: [rows * keys].
 *   now_us  time of step 0; steps are 5 ms apart. */
static inline void points_fill(struct blocks_point *points, int frame, int rows, int keys,
                               int64_t now_us)
{
    for (int row = 0; row < rows; row++) {
        int64_t step = (int64_t)frame * rows + row;
        for (int key = 0; key < keys; key++) {
            unsigned noise = (unsigned)(step * 2654435761u) ^ (unsigned)key * 40503u;
            float loss = 2.0f / (1.0f + 0.001f * (float)step) + (float)(noise % 1000) * 1e-4f;
            points[row * keys + key] =
                (struct blocks_point){step, now_us + step * 5000, (double)loss, (uint32_t)key};
        }
    }
}
#endif
