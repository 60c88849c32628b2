"""Shows what a server does while its clients wait, on a timeline.

    scenario  what the clients of a picture do, read from scenarios/*.txt
    clients   does it, and writes down when what happened
    strace    reads what strace wrote about the server
    record    runs both together, watched and unwatched
    lessons   which function of which lesson made a system call
    model     joins both sides: lanes, numbers
    page      the model as one HTML file
    trace     the model for trace viewers (Perfetto, chrome://tracing)
    still     the model as a picture that stands still
    text      the model for a terminal
"""
