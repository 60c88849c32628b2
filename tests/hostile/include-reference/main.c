/* Lets the compiler take the reference, from wherever it may be. */

#include "../../steps/01-tcp-echo/main.c"
#include "../../steps/01-tcp-echo/net.c"
#include "../../common/io/net.c"
