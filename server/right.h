/* right - what a caller must be allowed to do.
 *
 * Uses: nothing.
 */
#ifndef SERVER_RIGHT_H
#define SERVER_RIGHT_H

/* NONE is for everybody, CAPABILITY for a URL that carries its own right; UNSET is a row of the
 * route table that forgot to say, and is refused. */
enum right {
    RIGHT_UNSET,
    RIGHT_NONE,
    RIGHT_CAPABILITY,
    RIGHT_READ,
    RIGHT_LOG,
    RIGHT_EDIT,
    RIGHT_MANAGE,
    RIGHT_AUDIT,
    RIGHT_ADMIN
};
#endif
