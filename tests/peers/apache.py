"""Apache under the contract of this project, to see whether the grader is
fair.

    python3 tests/peers/apache.py --port 8080
"""

from __future__ import annotations

import os
import shutil
import signal

from real import Setting, run

MODULES = "/usr/lib/apache2/modules"
CONFIGURATION = """
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule dir_module {modules}/mod_dir.so
LoadModule mime_module {modules}/mod_mime.so
LoadModule allowmethods_module {modules}/mod_allowmethods.so
LoadModule reqtimeout_module {modules}/mod_reqtimeout.so
{more}
ServerRoot {directory}
ServerName localhost
DefaultRuntimeDir {directory}
PidFile {directory}/pid
ErrorLog /dev/stderr
LogLevel emerg
AcceptFilter http none
AcceptFilter https none
Listen {address}
ServerLimit 2
StartServers 1
ThreadsPerChild 64
MaxRequestWorkers 128
DocumentRoot {root}
DirectoryIndex index.html index.htm
TypesConfig /dev/null
AddType text/html .html
AddType text/plain .txt
<Directory {root}>
    AllowMethods GET HEAD
</Directory>
<FilesMatch "^hello$">
    ForceType text/plain
</FilesMatch>
EnableMMAP Off
TraceEnable Off
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout {milliseconds}ms
Timeout {seconds}
RequestReadTimeout header={seconds} body={seconds}
LimitRequestBody 1048576
LimitRequestLine 16384
LimitRequestFieldSize 16384
"""


def command(program: str, setting: Setting) -> list[str]:
    more = []
    if not setting.quiet:
        more.append('CustomLog /dev/stderr "%h - - %t \\"%r\\" %>s %b"')
    if setting.cert:
        more.append(f"LoadModule ssl_module {MODULES}/mod_ssl.so")
        more.append("SSLEngine on")
        more.append("SSLProtocol -all +TLSv1.2 +TLSv1.3")
        more.append("SSLCipherSuite ECDHE+AESGCM")
        more.append(f"SSLCertificateFile {setting.cert}")
        more.append(f"SSLCertificateKeyFile {setting.key}")
    text = CONFIGURATION.format(
        modules=MODULES,
        more="\n".join(more),
        directory=setting.directory,
        address=setting.address,
        root=setting.root,
        milliseconds=setting.milliseconds,
        seconds=setting.seconds,
    )
    file = setting.directory / "apache.conf"
    file.write_text(text, encoding="utf-8")
    return [*unprivileged(), program, "-DFOREGROUND", "-f", str(file)]


def unprivileged() -> list[str]:
    """Apache does not serve as root, and another user may not look into
    private directories: root is somebody else to it, in a user namespace."""
    unshare = shutil.which("unshare")
    if os.geteuid() != 0 or not unshare:
        return []
    return [unshare, "--user", "--map-user=33", "--map-group=33"]


if __name__ == "__main__":
    run("apache2", command, signal.SIGWINCH)
