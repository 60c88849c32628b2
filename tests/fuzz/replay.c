/* Gives every file of the directories named to a fuzz target, once: what the
 * fuzzer has found before, without the fuzzer. */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

enum { INPUT_MAX = 1 << 20, NAME_SIZE = 4096 };

static void
replay_file(const char *name)
{
    static uint8_t bytes[INPUT_MAX];
    FILE *file = fopen(name, "rb");
    uint8_t *input;
    size_t size;

    if (file == NULL) {
        perror(name);
        exit(2);
    }
    size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    input = (uint8_t *)fuzz_copy(bytes, size); /* of just its size */
    LLVMFuzzerTestOneInput(input, size);
    free(input);
}

static int
replay(const char *directory)
{
    char name[NAME_SIZE];
    DIR *dir = opendir(directory);
    int count = 0;

    if (dir == NULL) {
        perror(directory);
        exit(2);
    }
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (entry->d_name[0] != '.') {
            snprintf(name, sizeof name, "%s/%s", directory, entry->d_name);
            replay_file(name);
            count++;
        }
    closedir(dir);
    return count;
}

int
main(int argc, char **argv)
{
    int count = 0;

    for (int i = 1; i < argc; i++)
        count += replay(argv[i]);
    fprintf(stderr, "%d inputs\n", count);
    return count > 0 ? 0 : 2;
}
