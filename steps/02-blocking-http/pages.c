#include "pages.h"

#include <stddef.h>
#include <string.h>

static const struct page {
    const char *path;
    const char *type;
    const char *text;
} pages[] = {
    {"/", "text/html; charset=utf-8",
     "<!doctype html>\n"
     "<html lang=\"en\">\n"
     "<meta name=\"viewport\" content=\"width=device-width\">\n"
     "<title>It works</title>\n"
     "<h1>It works</h1>\n"
     "<p>Your browser asked, and a server of your own has answered.\n"
     "<p>There is one more page: <a href=\"/hello\">/hello</a>.\n"},
    {"/hello", "text/plain; charset=utf-8", "Hello from the server\n"},
};

static const struct page *
find_page(struct slice path)
{
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++)
        if (slice_is(path, pages[i].path))
            return &pages[i];
    return NULL;
}

void
pages_answer(const struct http_request *request, struct http_response *response)
{
    const struct page *page = find_page(request->path);

    if (!page) {
        http_response_error(response, 404);
    } else if (request->method != HTTP_GET && request->method != HTTP_HEAD) {
        http_response_error(response, 405);
        http_response_add(response, "Allow", "GET, HEAD");
    } else if (request->content_length > HTTP_BODY_MAX) {
        http_response_error(response, 413);
    } else {
        response->status = 200;
        http_response_body(response, page->type, page->text,
                           strlen(page->text));
    }
}
