"""Step 02, the second homework: the rules of the request's head. The cases
themselves stand in cases/02-*.md."""

from __future__ import annotations

from grader.cases import judge_all
from grader.check import check
from grader.lab import Server


@check("RFC 9112, section 3")
def test_request_line_syntax(server: Server) -> None:
    """Where one program reads a request line loosely and the next one
    strictly, an attacker hides a request between the two.

    1. Method, one space, target, one space, version; nothing else.
    2. The method is a token, HTTP is in capitals, the version two digits.
    3. Walk over the line byte by byte; the first that does not fit is 400.
    """
    judge_all("request-line-syntax", server)


@check("RFC 9112, section 2.2; RFC 9110, section 5.5")
def test_control_bytes(server: Server) -> None:
    """NUL ends a string for one program and not for another; a bare CR ends a
    line for one and not for another. Both are old tricks.

    1. Does your parser stop at a NUL? strchr() and strstr() do.
    2. No byte below a space is allowed in a head, but tab, and \\r\\n.
    3. 400 for each such byte, for DEL too, and for a CR before no LF.
    """
    judge_all("control-bytes", server)


@check("RFC 9110, section 2.5; RFC 9112, section 2.3")
def test_versions(server: Server) -> None:
    """HTTP/1.0 is thirty years old, and still spoken by simple programs.

    1. What does your program do when the line does not end in HTTP/1.1?
    2. The major digit says whether you understand the message at all.
    3. Compare "HTTP/1." and take any digit behind it.
    """
    judge_all("versions", server)


@check("RFC 9112, section 2.3; RFC 9110, sections 2.5 and 15.6.6")
def test_other_versions(server: Server) -> None:
    """The first digit says whether you understand the message at all, the
    second what its sender can do besides.

    1. Who is asked for HTTP/2.0 in this form has to say that he cannot.
    2. Any HTTP/1.x is answered as 1.1; only 1.0 may come without a Host.
    3. Compare the major digit with 1, else 505; keep the minor one.
    """
    judge_all("other-versions", server)


@check("RFC 9112, section 3.2")
def test_target_forms(server: Server) -> None:
    """A target is a path, or a whole URL, or for one method an asterisk.

    1. Try curl --request-target http://localhost/hello http://127.0.0.1:8080
    2. In the whole URL the path begins after the host.
    3. Skip "http://" and all up to the next slash; if none comes, it is "/".
    """
    judge_all("target-forms", server)


@check("RFC 9112, sections 2.2 and 5.1")
def test_field_syntax(server: Server) -> None:
    """ "Content-Length : 5" is a length for one program and an unknown field
    for another. Strict servers leave no room for two readings.

    1. A name, a colon right behind it, a value.
    2. Do you trim the name? It has no white space at either end, or it is none.
    3. 400 for a space or tab before the colon, or before the first name.
    """
    judge_all("field-syntax", server)


@check("RFC 9112, sections 2.2, 5 and 5.2; RFC 9110, section 5.1")
def test_malformed_fields(server: Server) -> None:
    """Some servers repair such lines, others leave them out, and each its own
    way: then two of them see two different requests.

    1. Which bytes may stand in a name, and must there be one?
    2. A line that begins with a space or tab is refused, not joined.
    3. 400 unless all bytes before the colon are token characters.
    """
    judge_all("malformed-fields", server)


@check("RFC 9112, section 5; RFC 9110, sections 5.1 and 5.5")
def test_fields_accepted(server: Server) -> None:
    """Strict is not narrow: what the grammar allows has to work.

    1. Which of these fields does your program refuse, and at which byte?
    2. White space around a value is optional, and no part of it.
    3. strncasecmp() for names; trim spaces and tabs at both ends of a value.
    """
    judge_all("fields-accepted", server)


@check("RFC 9112, section 3.2; RFC 9110, section 7.2")
def test_host_rules(server: Server) -> None:
    """Host chooses the site where several share an address. A server that
    takes nonsense there can be made to build links to an attacker's site.

    1. Exactly one Host in HTTP/1.1, one at most in HTTP/1.0.
    2. Its value is a name or an address, and perhaps a port: no URL, no list.
    3. Check each byte of it; digits only after the last colon.
    """
    judge_all("host-rules", server)


@check("RFC 9110, section 7.2; RFC 3986, section 3.2")
def test_hosts_accepted(server: Server) -> None:
    """Every host that a URL can name can stand in Host.

    1. Which of them does your program refuse, and at which byte?
    2. The colons inside [::1] do not begin a port.
    3. After '[' go on to ']'; a port may be missing or empty.
    """
    judge_all("hosts-accepted", server)


@check("RFC 9112, sections 6.1 and 6.3; RFC 9110, section 8.6")
def test_framing_refused(server: Server) -> None:
    """Where a body ends must be beyond doubt: every doubt is a way to smuggle
    a second request past a server in front.

    1. Which two fields tell where a body ends?
    2. A length is digits and fits into 64 bits; chunked is the last coding.
    3. Check while you add up digits: n > (UINT64_MAX - digit) / 10.
    """
    judge_all("framing-refused", server)


@check("RFC 9112, sections 6.1 and 6.3: MAY reject")
def test_framing_strict(server: Server) -> None:
    """Some requests may be read, by rules that not everybody follows. Their
    senders mean harm more often than well.

    1. May a length and chunks both be there, or one of them twice?
    2. A length stands there once; so does chunked, in HTTP/1.1, and alone.
    3. Count the fields while you read them; 400 for the second.
    """
    judge_all("framing-strict", server)


@check("RFC 9112, section 6.1")
def test_unknown_coding(server: Server) -> None:
    """The request is in order, but this server cannot decode it: it says so.

    1. 400 would say that the client has made a mistake.
    2. 501: something that the server does not implement.
    3. chunked alone is known; with another coding before it, 501.
    """
    judge_all("unknown-coding", server)


@check("RFC 9110, sections 8.6 and 9.3.1; RFC 9112, section 7")
def test_bodies_accepted(server: Server) -> None:
    """A body after GET is unusual and not wrong.

    1. What does your program do with the bytes behind the head?
    2. The answer to GET does not depend on them.
    3. Answer, then read what is left of it during the lingering close.
    """
    judge_all("bodies-accepted", server)


@check("RFC 9110, section 15.5.14; the contract: 1 MiB")
def test_body_too_large(server: Server) -> None:
    """Who announces more than the server wants gets the answer at once, and
    need not send it.

    1. Content-Length tells before the first byte of the body has come.
    2. Judge it last, when path and method are known to be right.
    3. 413 where the length is beyond 1 MiB.
    """
    judge_all("body-too-large", server)


@check(
    "RFC 9112, section 2.2",
)
def test_line_feeds(server: Server) -> None:
    """A request typed by hand has no CR. It may be understood or be refused;
    what it must not do is to hang.

    1. Does your program wait for a \\r that never comes?
    2. Take \\n as the end of a line, and a \\r before it as a part of that end.
    3. Or refuse: 400. Both are right.
    """
    judge_all("line-feeds", server)


@check("RFC 9112, section 3; RFC 9110, section 5.4")
def test_limits_that_work(server: Server) -> None:
    """Limits are for attackers. Long queries and many cookies are life.

    1. How large is the buffer that the head has to fit into?
    2. A request line of 8000 bytes, a head of 8 KiB: both have to work.
    3. Room for 8000 bytes of target and 16 KiB of fields.
    """
    judge_all("limits-that-work", server)


@check("RFC 9112, section 3; RFC 9110, section 15.5.15")
def test_target_too_long(server: Server) -> None:
    """A request line without an end must not fill the memory, nor the time.

    1. What happens when the buffer is full and no line end has come?
    2. The status tells the client what was too long: here, the target.
    3. 414 once the target is beyond 8000 bytes, without waiting for its end.
    """
    judge_all("target-too-long", server)


@check("RFC 9110, section 5.4; RFC 6585, section 5")
def test_fields_too_large(server: Server) -> None:
    """The same for fields: too long, or too many.

    1. Count the bytes of all field lines, and the lines.
    2. The status that says so is 431.
    3. 431 beyond 16 KiB or 100 fields, without waiting for the rest.
    """
    judge_all("fields-too-large", server)


@check("RFC 9110, sections 9.1 and 15.6.2")
def test_unknown_method(server: Server) -> None:
    """A method that the server has never heard of is not "not allowed here":
    it is not implemented anywhere.

    1. Compare the whole method, in its case.
    2. Known are the eight of RFC 9110, and PATCH.
    3. 501 for every other token.
    """
    judge_all("unknown-method", server)


@check("RFC 9110, section 9.3; RFC 9112, section 3.2.4")
def test_other_methods(server: Server) -> None:
    """OPTIONS and CONNECT have targets of their own. What you answer is open,
    as long as it is an answer.

    1. An asterisk is a target for OPTIONS, host:port one for CONNECT.
    2. 405 with Allow will do for both.
    3. Parse the two forms, then treat them as paths that allow nothing else.
    """
    judge_all("other-methods", server)


@check("RFC 9110, section 10.1.1")
def test_expectations(server: Server) -> None:
    """A client may say that it waits for 100 before it sends its body. That
    makes sense only before a body, and HTTP/1.0 does not know it.

    1. What does your program do with the field Expect?
    2. Where there is no body to wait for, there is only one answer.
    3. Without a body answer at once; in HTTP/1.0 ignore it.
    """
    judge_all("expectations", server)


@check("the contract: order of judging a request")
def test_order_of_judging(server: Server) -> None:
    """A request may be wrong in two ways. Everybody who knows the order can
    foretell the answer.

    1. What is wrong first in the order of the bytes? Then, what is judged of
       the head as a whole?
    2. Syntax, version, Host and framing, method, Expect, path, method again,
       size.
    3. One function that returns at the first rule that is broken.
    """
    judge_all("order-of-judging", server)
