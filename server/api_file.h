/* api_file - files of a run, and what it used.
 *
 * Uses: api_blob, api_parse, render, store_file.
 */
#ifndef SERVER_API_FILE_H
#define SERVER_API_FILE_H
#include "route.h"

handler api_file_list;
handler api_file_set;
finisher api_file_done;
handler api_file_get;
handler api_input_list;
handler api_input_set;
finisher api_input_done;
#endif
