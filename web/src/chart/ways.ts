// How lines are smoothed and runs are drawn as groups: in the address, in words, and as the server is asked.
export interface SmoothAsk {
  kind: 'ema' | 'median' | 'min' | 'max';
  by: 'point' | 'step' | 'time';
  weight?: number;
  half_life?: number;
  window?: number;
}

const KINDS = ['median', 'min', 'max'] as const;

/** `0.9`: weight from point to point; `step:100`, `time:60`: half-life in steps, in seconds; `median:51`: a window of points. */
export function smoothAsk(text: string): SmoothAsk | null {
  const weight = Number(text);
  if (text && weight > 0 && weight < 1) return { kind: 'ema', by: 'point', weight };
  const m = /^(step|time|median|min|max):(\d+(?:\.\d+)?)$/.exec(text);
  const size = Number(m?.[2]);
  if (!m || !(size > 0)) return null;
  if (m[1] === 'step') return { kind: 'ema', by: 'step', half_life: size };
  if (m[1] === 'time') return { kind: 'ema', by: 'time', half_life: size * 1e6 };
  const kind = KINDS.find((k) => k === m[1]) ?? 'median';
  return Number.isInteger(size) && size <= 16384 ? { kind, by: 'point', window: size } : null;
}

export interface Band {
  words: string;
  stats: string[];
  ends: (s: Record<string, number>) => [number, number];
}

const about = (s: Record<string, number>, by: string): [number, number] => [(s['mean'] as number) - (s[by] as number), (s['mean'] as number) + (s[by] as number)];

/** How far the runs of a group spread. */
export const BANDS: Record<string, Band> = {
  minmax: { words: 'least to greatest', stats: ['min', 'max'], ends: (s) => [s['min'] as number, s['max'] as number] },
  p10: { words: '10 to 90 %', stats: ['p10', 'p90'], ends: (s) => [s['p10'] as number, s['p90'] as number] },
  p25: { words: '25 to 75 %', stats: ['p25', 'p75'], ends: (s) => [s['p25'] as number, s['p75'] as number] },
  std: { words: '\u00b1 standard deviation', stats: ['std'], ends: (s) => about(s, 'std') },
  stderr: { words: '\u00b1 standard error', stats: ['stderr'], ends: (s) => about(s, 'stderr') },
};

export const bandOf = (id: string): Band => BANDS[id] ?? (BANDS['minmax'] as Band);

export interface GroupSet {
  name: string | null; // null: the runs without a value
  runs: string[];
}

/** Runs by what they are grouped by, in the order of the runs; null: they are not. */
export function setsOf(runs: { id: string; group?: string | null | undefined }[]): GroupSet[] | null {
  if (!runs.length || runs.some((r) => r.group === undefined)) return null;
  const sets = new Map<string | null, string[]>();
  for (const r of runs) {
    const list = sets.get(r.group ?? null);
    if (list) list.push(r.id);
    else sets.set(r.group ?? null, [r.id]);
  }
  return [...sets].map(([name, list]) => ({ name, runs: list }));
}
