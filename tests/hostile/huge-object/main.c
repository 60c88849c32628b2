/* One line, and a file of a gibibyte. */

char huge[1u << 30] = {1};

int
main(void)
{
    return huge[12345];
}
