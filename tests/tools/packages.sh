#!/bin/sh
# Does this machine have what a verb of the Makefile needs?
#
#   packages.sh VERB STAMP   yes: makes the file STAMP. No: says what is missing
#                            and why; installs it on Debian and Ubuntu (as root
#                            at once, with sudo after a yes or with YES=1),
#                            prints the command elsewhere.
#   packages.sh has VERB     the exit status alone; nothing is installed
#   packages.sh doctor       the whole table, and the command that mends it
#
# A probe tries what it asks for and does not go by names. The interpreter that
# can run the suites is left in the file `python` beside STAMP, and in `workers`
# its options for checks side by side. Environment: CC, MUSL_CC, PYTHON, YES;
# PYTHONS, OS_RELEASE and SYSTEM stand in for the paths of interpreters,
# /etc/os-release and uname -s.
set -u

# `without`: that system has no package of it, and the verb does without it.
# what       | verb  | what for                           | Debian, Ubuntu   | Fedora              | Arch          | Alpine            | Homebrew
table='
compiler     | build | compiles the servers               | gcc libc6-dev    | gcc                 | gcc           | gcc musl-dev      | gcc
libssl       | run   | TLS, for step 07                   | libssl-dev       | openssl-devel       | openssl       | openssl-dev       | openssl@3
openssl      | run   | makes the certificate              | openssl          | openssl             | openssl       | openssl           | openssl@3
sanitizers   | test  | find errors in running tests       | gcc              | libasan libubsan    | gcc           | clang compiler-rt | llvm
check        | test  | library of the unit tests          | check pkg-config | check-devel pkgconf | check pkgconf | check-dev pkgconf | check pkgconf
pytest       | test  | runs the suites; Python 3.9        | python3-pytest   | python3-pytest      | python-pytest | py3-pytest        | pytest
xdist        | test  | runs checks side by side           | python3-pytest-xdist | python3-pytest-xdist | python-pytest-xdist | py3-pytest-xdist | without
jsonschema   | test  | reads the schemas of reports       | python3-jsonschema | python3-jsonschema | python-jsonschema | py3-jsonschema | without
bubblewrap   | test  | keeps a program of others in       | bubblewrap       | bubblewrap          | bubblewrap    | bubblewrap        | without
netcat       | test  | shows a failed check by hand       | netcat-openbsd   | netcat              | openbsd-netcat | netcat-openbsd   | without
patch        | test  | plants mistakes, applies answers   | patch            | patch               | patch         | patch             | without
strace       | test  | watches servers for pictures       | strace           | strace              | strace        | strace            | without
curl         | test  | a client of the suites             | curl             | curl                | curl          | curl              | curl
ss           | docs  | lists sockets, for the lessons     | iproute2         | iproute             | iproute2      | iproute2          | without
ps           | docs  | lists processes, for the lessons   | procps           | procps-ng           | procps-ng     | procps            | without
aspell       | docs  | reads the words of the book        | aspell aspell-en | aspell aspell-en    | aspell aspell-en | aspell aspell-en | aspell
material     | book  | makes the site of the book         | mkdocs-material  | mkdocs-material     | mkdocs-material | mkdocs-material | -
clang        | clang | the second compiler                | clang            | clang               | clang         | clang             | llvm
libfuzzer    | fuzz  | makes up inputs for the fuzz targets | clang libclang-rt-dev | clang compiler-rt | clang compiler-rt | clang compiler-rt | llvm
musl         | musl  | a second libc, for static programs | musl-tools       | musl-gcc            | musl          | gcc musl-dev      | -
chromium     | more  | a browser that the suites drive    | chromium         | chromium            | chromium      | chromium          | chromium
chromedriver | more  | drives that browser                | chromium-driver  | chromedriver        | chromium      | chromium-chromedriver | chromedriver
nginx        | peers | a real server, for comparison       | nginx-light      | nginx               | nginx         | nginx             | nginx
lighttpd     | peers | a real server, for comparison       | lighttpd lighttpd-mod-openssl | lighttpd | lighttpd      | lighttpd          | lighttpd
apache2      | peers | a real server, for comparison       | apache2-bin      | without             | without       | without           | without
hypothesis   | more  | makes up requests for four servers | python3-hypothesis | python3-hypothesis | python-hypothesis | py3-hypothesis | without
wrk          | bench | load, for benchmarks               | wrk              | without             | wrk           | wrk               | wrk
h2load       | bench | a second witness of load           | nghttp2-client   | nghttp2             | nghttp2       | nghttp2           | nghttp2
taskset      | bench | gives servers a core of their own  | util-linux       | util-linux          | util-linux    | util-linux-misc   | without
h2o          | peers | a real server, for comparison      | h2o              | without             | without       | without           | h2o
valgrind     | cost  | counts instructions                | valgrind         | valgrind            | valgrind      | valgrind          | without
testssl      | more  | looks for weak spots of TLS        | testssl.sh       | testssl             | testssl.sh    | testssl.sh        | testssl
http-parser  | parser | a parser to measure ours beside   | libhttp-parser-dev | http-parser-devel  | http-parser   | http-parser-dev   | without
clang-format | lint  | formats C                          | clang-format     | clang-tools-extra   | clang         | clang-extra-tools | clang-format
clang-tidy   | lint  | reads C                            | clang-tidy       | clang-tools-extra   | clang         | clang-extra-tools | llvm
cppcheck     | lint  | reads C                            | cppcheck         | cppcheck            | cppcheck      | cppcheck          | cppcheck
shellcheck   | lint  | reads shell scripts                | shellcheck       | ShellCheck          | shellcheck    | shellcheck        | shellcheck
black        | lint  | formats Python                     | black            | black               | python-black  | black             | black
mypy         | lint  | checks the types of Python         | mypy             | python3-mypy        | mypy          | mypy              | mypy
'

# The groups that a verb needs.
groups_of() {
    case $1 in
    build) echo build ;;
    run) echo build run ;;
    test | coverage) echo build run test ;;
    musl) echo build musl ;;
    clang) echo build run clang ;;
    fuzz) echo build run test clang fuzz ;;
    bench) echo build run test peers bench ;;
    cost) echo build run test cost ;;
    lint) echo build run test lint ;;
    bench-parser) echo build parser ;;
    docs) echo build run test docs ;;
    book) echo book ;;
    *) echo build run test docs book musl clang more peers bench cost parser lint ;;
    esac
}

# ---- Probes: true when it works here ---------------------------------------

compiles() { # compiler, text of a program, options
    cc=$1 text=$2
    shift 2
    printf '%s\n' "$text" | "$cc" -x c - -o /dev/null "$@" >/dev/null 2>&1
}

runs() {
    command -v "$1" >/dev/null 2>&1 && "$1" --version >/dev/null 2>&1
}

# The first interpreter that has all the modules of the suites, else the first
# with pytest.
find_python() {
    with 'pytest, xdist, jsonschema' || with pytest
}

with() {
    for python in ${PYTHON:+"$PYTHON"} python3 \
        ${PYTHONS-/usr/bin/python3 /usr/local/bin/python3} python3.14 python3.13 python3.12 python3.11 \
        python3.10 python3.9; do
        "$python" -c "import sys, $1; sys.exit(sys.version_info < (3, 9))" \
            >/dev/null 2>&1 && return
    done
    return 1
}

probe() {
    cc=${CC:-cc}
    case $1 in
    compiler) compiles "$cc" 'int main(void) { return 0; }' ;;
    libssl)
        # shellcheck disable=SC2046 # flags are words
        compiles "$cc" '#include <openssl/ssl.h>
            int main(void) { return !SSL_CTX_new(TLS_server_method()); }' \
            $(pkg-config --cflags --libs openssl 2>/dev/null ||
                echo -lssl -lcrypto)
        ;;
    openssl) openssl version >/dev/null 2>&1 ;;
    sanitizers)
        compiles "$cc" 'int main(void) { return 0; }' -fsanitize=address,undefined
        ;;
    check)
        # shellcheck disable=SC2046
        compiles "$cc" '#include <check.h>
            int main(void) { return !suite_create("x"); }' \
            $(pkg-config --cflags --libs check 2>/dev/null || echo -lcheck)
        ;;
    pytest) find_python ;;
    xdist | jsonschema | hypothesis) find_python && "$python" -c "import $1" >/dev/null 2>&1 ;;
    material) with 'mkdocs, material, pymdownx' ;;
    aspell) echo | aspell list --lang=en_US >/dev/null 2>&1 ;;
    bubblewrap) runs bwrap ;;
    libfuzzer)
        compiles clang '#include <stddef.h>
            int LLVMFuzzerTestOneInput(const char *d, size_t n);
            int LLVMFuzzerTestOneInput(const char *d, size_t n)
            { return d && n ? 0 : 0; }' -fsanitize=fuzzer
        ;;
    wrk) command -v wrk >/dev/null 2>&1 ;; # whose -v ends with 1
    netcat) command -v nc >/dev/null 2>&1 ;;
    http-parser)
        compiles "$cc" '#include <http_parser.h>
            int main(void) { return http_parser_version() == 0; }' -lhttp_parser
        ;;
    musl)
        compiles "${MUSL_CC:-musl-gcc}" 'int main(void) { return 0; }' -static
        ;;
    nginx | lighttpd | apache2) # which are not in everybody's PATH
        PATH=$PATH:/usr/sbin command -v "$1" >/dev/null 2>&1
        ;;
    testssl) command -v testssl >/dev/null 2>&1 || command -v testssl.sh >/dev/null 2>&1 ;;
    chromium) runs chromium || runs chromium-browser || runs google-chrome ;;
    *) runs "$1" ;;
    esac
}

# ---- Which machine this is -------------------------------------------------

# Sets column, the place of its package names in the table, and install, the
# command that takes them.
know_machine() {
    column=0 install=
    release=${OS_RELEASE:-/etc/os-release}
    if [ "${SYSTEM:-$(uname -s)}" = Darwin ]; then
        column=8 install='brew install'
        return
    fi
    [ -r "$release" ] || return 0
    # shellcheck disable=SC2013 # words are wanted
    for word in $(sed -n 's/^ID\(_LIKE\)\{0,1\}=//p' "$release" | tr -d "\"'"); do
        case $word in
        ubuntu) # has other names for two
            table=$(printf '%s\n' "$table" | sed '
                s/ chromium-driver / chromium-chromedriver /
                s/ chromium  / chromium-browser /')
            column=4
            install='apt-get install -y --no-install-recommends'
            ;;
        debian)
            column=4
            install='apt-get install -y --no-install-recommends'
            ;;
        fedora | rhel) column=5 install='dnf install' ;;
        arch) column=6 install='pacman -S --needed' ;;
        alpine) column=7 install='apk add' ;;
        *) continue ;;
        esac
        return 0
    done
}

# Prints column $2 of a row without the blanks around it.
cell() {
    printf '%s\n' "$1" | cut -d'|' -f"$2" | sed 's/^ *//; s/ *$//'
}

# Looks at the rows of these groups. Sets lines (a line for each row that is
# missing, or for all), missing (how many), packages (which would mend it).
look() {
    lines='' missing=0 packages=''
    while IFS= read -r row; do
        [ -n "$row" ] || continue
        case " $1 " in *" $(cell "$row" 2) "*) ;; *) continue ;; esac
        what=$(cell "$row" 1) state=missing names=''
        probe "$what" && state=here
        [ "$column" = 0 ] || names=$(cell "$row" "$column")
        [ "$state$names" != missingwithout ] || state=without names=''
        if [ "$state" = missing ]; then
            missing=$((missing + 1))
            packages="$packages $names"
        fi
        if [ "$state" = missing ] || [ "$2" = all ]; then
            lines="$lines$(printf '\n  %-8s %-13s %-34s %s' \
                "$state" "$what" "$(cell "$row" 3)" "$names")"
        fi
    done <<EOF
$table
EOF
    # shellcheck disable=SC2086 # words are wanted
    packages=$(printf '%s\n' $packages | grep -v '^-*$' | sort -u | tr '\n' ' ')
    packages=${packages% }
}

# The command that mends it, as a person types it.
command_line() {
    case $install in
    brew*) echo "$install $packages" ;;
    *) echo "${1-sudo }$install $packages" ;;
    esac
}

# ---- Installing on Debian and Ubuntu ---------------------------------------

apt() { # how to become root, verb of apt-get, more
    become=$1
    shift
    $become env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" </dev/null
}

# The lists of packages are fetched when they are not there or too old.
apt_install() {
    # shellcheck disable=SC2086 # words are wanted
    set -- "$1" install -y --no-install-recommends $packages
    apt "$@" --simulate >/dev/null 2>&1 || apt "$1" update
    apt "$@" || { apt "$1" update && apt "$@"; }
}

agreed() {
    [ "${YES:-}" = 1 ] && return
    (: </dev/tty) 2>/dev/null || return 1
    printf 'Install them with sudo? [y/N] ' >/dev/tty
    read -r answer </dev/tty
    case $answer in [yY]*) return 0 ;; *) return 1 ;; esac
}

mend() {
    case $install in
    apt-get*) ;;
    '')
        echo 'Install them in the way of this system, then try again.'
        return 1
        ;;
    *)
        printf 'Type this, then try again:\n\n  %s\n\n' "$(command_line)"
        return 1
        ;;
    esac
    if [ "$(id -u)" = 0 ]; then
        echo "Installing: $(command_line '')"
        apt_install ''
    elif command -v sudo >/dev/null 2>&1 && agreed; then
        echo "Installing: $(command_line)"
        apt_install sudo
    else
        printf 'Type this, then try again (YES=1 installs unasked):\n\n  %s\n\n' \
            "$(command_line)"
        return 1
    fi
}

# ---- What was asked --------------------------------------------------------

verb=$1
stamp=${2:-}
know_machine

if [ "$verb" = doctor ]; then
    look "$(groups_of everything)" all
    printf '%s\n\n' "What the verbs of the Makefile need:$lines"
    if [ "$missing" = 0 ]; then
        echo 'Nothing is missing.'
    elif [ "$column" = 0 ]; then
        echo 'No package names are known for this system.'
    else
        printf 'This mends it:\n\n  %s\n' "$(command_line)"
    fi
    exit 0
fi

if [ "$verb" = has ]; then
    look "$(groups_of "$stamp")" missing
    [ "$missing" = 0 ]
    exit
fi

look "$(groups_of "$verb")" missing
if [ "$missing" != 0 ]; then
    echo "make $verb needs what this machine lacks:$lines"
    mend || exit 1
    look "$(groups_of "$verb")" missing
    if [ "$missing" != 0 ]; then
        echo "Still missing:$lines"
        exit 1
    fi
fi
if [ -n "$stamp" ]; then
    mkdir -p "${stamp%/*}"
    find_python && command -v "$python" >"${stamp%/*}/python"
    workers=
    ! probe xdist || workers='-n 3'
    echo "$workers" >"${stamp%/*}/workers"
    ! probe material || command -v "$python" >"${stamp%/*}/book-python"
    : >"$stamp"
fi
