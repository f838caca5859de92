/* A C program as people write it, on newlib with its semihosting back end (rdimon): arguments, stdio, malloc, files, errno,
 * the clock of virtual time, an exit code. Nothing here knows that there is no operating system.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FILE_NAME "newlib.tmp"

static void check(const char *what, int good)
{
    printf("%s: %s\n", what, good ? "ok" : "wrong");
}

static void heap(void)
{
    enum { BLOCKS = 16 };
    unsigned char *blocks[BLOCKS];
    unsigned sum = 0;

    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = malloc(100 + 50 * i);
        if (blocks[i] == NULL) {
            check("malloc", 0);
            return;
        }
        memset(blocks[i], i, 100 + 50 * i);
    }
    for (int i = 0; i < BLOCKS; i++) {
        sum += blocks[i][99 + 50 * i];
        free(blocks[i]);
    }
    check("malloc", sum == BLOCKS * (BLOCKS - 1) / 2);
    /* Far more than the RAM has: the heap ends where the host says. */
    errno = 0;
    check("malloc of too much", malloc(512u << 20) == NULL && errno == ENOMEM);
}

static void files(void)
{
    char line[32];
    FILE *file = fopen(FILE_NAME, "w");

    if (file == NULL) {
        printf("cannot create %s: errno %d\n", FILE_NAME, errno);
        return;
    }
    fprintf(file, "first line\nsecond line %d\n", 2);
    check("fclose", fclose(file) == 0);
    file = fopen(FILE_NAME, "r+");
    check("fgets", fgets(line, sizeof line, file) != NULL && strcmp(line, "first line\n") == 0);
    fseek(file, 0, SEEK_END);
    check("length", ftell(file) == 25);
    fseek(file, 11, SEEK_SET);
    fputs("SECOND", file);
    rewind(file);
    fgets(line, sizeof line, file);
    check("written in the middle", fgets(line, sizeof line, file) != NULL && strcmp(line, "SECOND line 2\n") == 0);
    check("end of file", fgets(line, sizeof line, file) == NULL && feof(file));
    fclose(file);
    check("remove", remove(FILE_NAME) == 0);
    check("remove again", remove(FILE_NAME) != 0);
    errno = 0;
    check("open what is gone", fopen(FILE_NAME, "r") == NULL && errno == ENOENT);
}

int main(int argc, char **argv)
{
    printf("argc %d\n", argc);
    for (int i = 1; i < argc; i++)
        printf("argv[%d] %s\n", i, argv[i]);
    heap();
    files();
    clock_t start = clock();
    check("clock", start != (clock_t)-1 && clock() >= start);
    fflush(stdout);
    fprintf(stderr, "to stderr\n");
    printf("%d %u %x %s %c\n", -5, 7u, 0xbeef, "text", 'c');
    exit(42);
}
