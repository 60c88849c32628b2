#include "samples.h"

/* As small as a request with a field gets: 27 bytes. */
const struct sample sample_small = {
    "small",
    "GET / HTTP/1.1\r\n"
    "Host: a\r\n"
    "\r\n",
    "/",
    1,
};

/* In the form of what a browser sends for a picture in a page of a site that
 * has set some cookies: 12 fields. */
const struct sample sample_browser = {
    "browser",
    "GET /static/images/2024/staircase-by-night.jpg?width=1280 HTTP/1.1\r\n"
    "Host: www.example.com\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 "
    "Firefox/128.0\r\n"
    "Accept: image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,"
    "*/*;q=0.5\r\n"
    "Accept-Language: en-US,en;q=0.7,de;q=0.3\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Connection: keep-alive\r\n"
    "Referer: https://www.example.com/articles/2024/staircases.html\r\n"
    "Cookie: session=38afes7a8f1c4b0d9e2277aa; consent=yes; "
    "_ga=GA1.2.1287361.1720000000; theme=dark; lang=en\r\n"
    "Sec-Fetch-Dest: image\r\n"
    "Sec-Fetch-Mode: no-cors\r\n"
    "Sec-Fetch-Site: same-origin\r\n"
    "Priority: u=5, i\r\n"
    "\r\n",
    "/static/images/2024/staircase-by-night.jpg?width=1280",
    12,
};
