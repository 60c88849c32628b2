#!/usr/bin/perl
# Step 01 in a third language: the contract binds programs, not one language.
#
#     perl tests/peers/echo.pl --port 8080

use strict;
use warnings;
use Socket qw(:DEFAULT getaddrinfo getnameinfo AI_PASSIVE
    NI_NUMERICHOST NI_NUMERICSERV SHUT_WR);

my %option = (host => '127.0.0.1', port => 8080, show => 0);

sub fail {
    my ($message, $status) = @_;
    print STDERR "echo.pl: $message\n";
    exit $status;
}

while (defined(my $word = shift)) {
    if ($word eq '--help') {
        print "usage: echo.pl [--host ADDR] [--port N] [--show] [--help]\n";
        exit 0;
    } elsif ($word eq '--show') {
        $option{show} = 1;
    } elsif ($word eq '--host' or $word eq '--port') {
        $option{substr $word, 2} = shift // fail("$word wants a value", 2);
    } else {
        fail("unknown option: $word", 2);
    }
}
$option{port} =~ /\A[0-9]{1,5}\z/ && $option{port} < 65536
    or fail("--port wants a number from 0 to 65535, not '$option{port}'", 2);

$SIG{TERM} = $SIG{INT} = sub { exit 0 };
$SIG{PIPE} = 'IGNORE';
binmode STDOUT;
$| = 1;

my $where = "$option{host} port $option{port}";
my ($error, $found) = getaddrinfo($option{host}, $option{port},
    { socktype => SOCK_STREAM, flags => AI_PASSIVE });
$error and fail("$where: $error", 1);
my $listener;
socket($listener, $found->{family}, SOCK_STREAM, 0)
    && setsockopt($listener, SOL_SOCKET, SO_REUSEADDR, 1)
    && bind($listener, $found->{addr})
    && listen($listener, 128)
    or fail("$where: $!", 1);

my (undef, $host, $port) =
    getnameinfo(scalar getsockname($listener), NI_NUMERICHOST | NI_NUMERICSERV);
$host = "[$host]" if $host =~ /:/;
print "listening on tcp://$host:$port/\n";

while (1) {
    accept(my $client, $listener) or next;
    echo($client);
    close $client;
}

# Sends back what comes, until the client has said its last byte or has gone.
sub echo {
    my ($client) = @_;
    while (sysread $client, my $bytes, 65536) {
        print shown($bytes) if $option{show};
        while (length $bytes) {
            my $count = syswrite($client, $bytes) // return;
            substr($bytes, 0, $count) = '';
        }
    }
}

# Printable bytes and line ends as they are, others as \xNN.
sub shown {
    my ($bytes) = @_;
    $bytes =~ s/([^\x20-\x7e\r\n])/sprintf '\\x%02x', ord $1/ge;
    return $bytes;
}
