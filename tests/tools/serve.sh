#!/bin/sh
# serve.sh CERTIFICATE PROGRAM OPTIONS: becomes a server; when it listens, its
# line is followed by what to do with it. A signal to this process, Control-C
# too, reaches the server itself.
set -eu
certificate=$1
shift

pipe=$(mktemp -u)
mkfifo -m 600 "$pipe"
{
    trap '' INT # Control-C ends the server, whose end of file ends this
    exec <"$pipe"
    rm -f "$pipe"
    if read -r line; then
        url=${line##* }
        echo "$line"
        echo
        echo "  in a browser   $url"
        echo '                 (its warning is right: nobody but this machine vouches'
        echo '                 for the certificate)'
        case ${BOOK:-} in
        '') ;;
        none) echo '  the book       is not made here: make book, then make run' ;;
        *) echo "  the book       $url$BOOK" ;;
        esac
        echo "  with curl      curl --cacert $certificate $url"
        echo '  to stop        Control-C'
        echo
        cat
    fi
} &
exec "$@" >"$pipe"
