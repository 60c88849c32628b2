"""nginx under the contract of this project, to see whether the grader is fair.

    python3 tests/peers/nginx.py --port 8080
"""

from __future__ import annotations

import os
import signal

from real import Setting, run

CONFIGURATION = """
daemon off;
worker_processes 1;
pid {directory}/pid;
error_log stderr crit;
events {{ worker_connections 2048; }}
http {{
    types {{ text/html html htm; text/plain txt; text/css css; }}
    default_type text/plain;
    log_format line '$remote_addr - - [$time_local] "$request" $status $body_bytes_sent';
    access_log {log};
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    scgi_temp_path {directory}/scgi;
    uwsgi_temp_path {directory}/uwsgi;
    client_header_timeout {time}ms;
    client_body_timeout {time}ms;
    keepalive_timeout {time}ms;
    send_timeout {time}ms;
    lingering_timeout 1s;
    keepalive_requests 1000000;
    client_max_body_size 1m;
    large_client_header_buffers 4 16k;
    server {{
        listen {address}{tls};
        root {root};
        index index.html index.htm;
    }}
}}
"""


def command(program: str, setting: Setting) -> list[str]:
    tls = ""
    if setting.cert:
        tls = f" ssl; ssl_certificate {setting.cert}; ssl_certificate_key {setting.key}"
        tls += "; ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ECDHE+AESGCM"
    text = CONFIGURATION.format(
        directory=setting.directory,
        log="off" if setting.quiet else "/dev/stderr line",
        time=setting.milliseconds,
        address=setting.address,
        root=setting.root,
        tls=tls,
    )
    file = setting.directory / "nginx.conf"
    file.write_text(text, encoding="utf-8")
    user = "user root;" if os.geteuid() == 0 else ""  # directories may be private
    return [program, "-c", str(file), "-p", str(setting.directory), "-g", user]


if __name__ == "__main__":
    run("nginx", command, signal.SIGQUIT)
