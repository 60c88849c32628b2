#ifndef CAPTURE_H
#define CAPTURE_H

/* What is printed meanwhile: begins to collect what is written to a descriptor
 * (STDOUT_FILENO, STDERR_FILENO), and ends with it as text, which holds until
 * the next capture_begin(). One at a time. */
void capture_begin(int fd);
const char *capture_end(void);

#endif
