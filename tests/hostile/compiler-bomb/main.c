/* A few lines that a compiler makes too many of. */

#define A(x) x x x x x x x x
#define B(x) A(A(A(A(x))))
#define C(x) B(B(B(x)))

int
main(void)
{
    int i = 0;

    C(C(i += i * 3 + 1;))
    return i;
}
