"""lighttpd under the contract of this project, to see whether the grader is
fair.

    python3 tests/peers/lighttpd.py --port 8080
"""

from __future__ import annotations

import signal

from real import Setting, run

CONFIGURATION = """
server.modules = ({modules})
server.bind = "{host}"
server.port = {port}
server.document-root = "{root}"
server.upload-dirs = ("{directory}")
server.errorlog = "/dev/null"
index-file.names = ("index.html", "index.htm")
mimetype.assign = (".html" => "text/html", ".txt" => "text/plain", "" => "text/plain")
server.stat-cache-engine = "disable"
server.max-request-size = 1024
server.max-keep-alive-requests = 65535
server.max-keep-alive-idle = {time}
server.max-read-idle = {time}
server.max-write-idle = {time}
server.http-parseopts = ("method-get-body" => "enable")
server.feature-flags = ("server.graceful-shutdown-timeout" => 5)
{more}
"""


def command(program: str, setting: Setting) -> list[str]:
    modules, more = [], []
    if not setting.quiet:
        modules.append('"mod_accesslog"')
        more.append('accesslog.filename = "/dev/stderr"')
        more.append('accesslog.format = "%h %l %u %t \\"%r\\" %>s %b"')
    if setting.cert:
        modules.append('"mod_openssl"')
        more.append('ssl.engine = "enable"')
        more.append(f'ssl.pemfile = "{setting.cert}"')
        more.append(f'ssl.privkey = "{setting.key}"')
        more.append('server.feature-flags += ("server.h2proto" => "disable")')
    text = CONFIGURATION.format(
        modules=", ".join(modules),
        host=f"[{setting.host}]" if ":" in setting.host else setting.host,
        port=setting.port,
        root=setting.root,
        directory=setting.directory,
        time=setting.seconds,
        more="\n".join(more),
    )
    file = setting.directory / "lighttpd.conf"
    file.write_text(text, encoding="utf-8")
    return [program, "-D", "-f", str(file)]


if __name__ == "__main__":
    run("lighttpd", command, signal.SIGINT)
