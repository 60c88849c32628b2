# Starts a student's program. The warden puts this where the program is
# expected, below lines that set:
#   program  what to run            lab    the directory that checks work in
#   user     whose it becomes, or nothing: the grader's own
#   drop     options of setpriv     cover  a directory not to be seen, or nothing
# It ends by exec, every time: signals, /proc and the exit status must be those
# of the program itself.
# shellcheck shell=sh disable=SC2154

# Where both are one user, a second pass has mounts that nobody else sees.
if [ -n "$cover" ] && [ "${SANDBOX_PASS-}" != 2 ]; then
    SANDBOX_PASS=2 exec unshare --mount "$0" "$@"
fi
if [ -n "$cover" ]; then
    mount -t tmpfs -o size=4k,mode=000 tmpfs "$cover" || exit 99
fi

# The files of this check become the program's, so that it can read the private
# ones; the directories do not, but for two. Who owned these could put links in
# the way of the grader, who goes there as root.
here=$(pwd -P)
case $user,$here in
[0-9]*,"$lab"/*)
    own=${here#"$lab"/}
    find "$lab/${own%%/*}" \( -name work -o -name reports \) -prune \
        -o -type d -perm 700 -exec chmod 755 {} + \
        -o -type f -exec chown "$user:$user" {} +
    case $here in */work) chown "$user:$user" . ../reports ;; esac
    ;;
esac

# Where memory runs out, the grader is not the first to go.
{ echo 1000 >/proc/self/oom_score_adj; } 2>/dev/null

# It is told nothing of the check that runs it.
unset SANDBOX_PASS OLDPWD PYTHONPATH PYTHONPYCACHEPREFIX PYTEST_ADDOPTS \
    PYTEST_CURRENT_TEST PYTEST_VERSION PYTEST_XDIST_WORKER \
    PYTEST_XDIST_WORKER_COUNT PYTEST_XDIST_TESTRUNUID

# shellcheck disable=SC2086 # options are words
exec setpriv $drop "$program" "$@"
