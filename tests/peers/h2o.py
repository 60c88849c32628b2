"""h2o under the contract of this project, over HTTP/1.1 alone.

    python3 tests/peers/h2o.py --port 8080
"""

from __future__ import annotations

import json
import os
import pwd
import signal

from real import Setting, run

CONFIGURATION = """
num-threads: 1
max-connections: 2048
user: {user}
pid-file: {directory}/pid
error-log: /dev/stderr
{log}
http1-request-timeout: {seconds}
http1-upgrade-to-http2: OFF
limit-request-body: 1048576
listen:
  host: {host}
  port: {port}
{tls}
file.index: ["index.html", "index.htm"]
file.dirlisting: OFF
file.mime.setdefaulttype: text/plain
hosts:
  default:
    paths:
      "/":
        file.dir: {root}
"""
LINE = '%h - - %t \\"%r\\" %s %b'


def command(program: str, setting: Setting) -> list[str]:
    log = f'access-log: {{path: /dev/stderr, format: "{LINE}"}}'
    tls = ""
    if setting.cert:
        tls = f"  ssl: {{certificate-file: {setting.cert}, key-file: {setting.key}"
        tls += ", minimum-version: TLSv1.2, ocsp-update-interval: 0}"
    text = CONFIGURATION.format(
        user=pwd.getpwuid(os.geteuid()).pw_name,
        directory=setting.directory,
        log="" if setting.quiet else log,
        seconds=setting.seconds,
        host=json.dumps(setting.host),
        port=setting.port,
        tls=tls,
        root=json.dumps(str(setting.root)),
    )
    file = setting.directory / "h2o.conf"
    file.write_text(text, encoding="utf-8")
    return [program, "-m", "worker", "-c", str(file)]


if __name__ == "__main__":
    run("h2o", command, signal.SIGTERM)
