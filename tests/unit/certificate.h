#ifndef CERTIFICATE_H
#define CERTIFICATE_H

/* Makes a certificate for localhost and its key, by openssl(1), as files of the
 * test's site (site.h). */
void certificate_make(const char *certificate, const char *key);

/* Writes a key down once more, to be read with a password only. */
void certificate_encrypt(const char *key, const char *encrypted);

#endif
