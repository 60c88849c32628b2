/* Lets the compiler read what the program may not, and print it as an error. */

#include "/etc/shadow"
#include "/grader/source/tests/checks.md"
#include "/proc/self/environ"

__asm__(".incbin \"/grader/source/tests/checks.md\"");
#pragma GCC poison main
