#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
#
# Take a capture of real programs: a web server, a name server and their clients, each in a
# network namespace of its own, with a switch between them that loses and reorders frames.
#
#   capture-web.sh OUTPUT        (as root; needs python3, curl, ping, iproute2 and /dev/net/tun)

set -eu

if [ $# -ne 1 ]; then
	echo "usage: $0 OUTPUT" >&2
	exit 2
fi
here=$(dirname "$0")
output=$1
server=fm-server-$$
client=fm-client-$$
files=$(mktemp -d)
jobs=
fetches=

finish()
{
	for job in $jobs; do
		kill "$job" 2>/dev/null || true
		wait "$job" 2>/dev/null || true
	done
	ip netns del "$server" 2>/dev/null || true
	ip netns del "$client" 2>/dev/null || true
	rm -rf "$files"
}
trap finish EXIT
trap 'exit 1' INT TERM

in_server()
{
	ip netns exec "$server" "$@"
}

in_client()
{
	ip netns exec "$client" "$@"
}

# Give an interface to a namespace: NAMESPACE INTERFACE IPV4 IPV6
attach()
{
	ip link set "$2" netns "$1"
	ip -n "$1" addr add "$3" dev "$2"
	ip -n "$1" addr add "$4" dev "$2" nodad
	ip -n "$1" link set "$2" up
}

# Fetch a file, told by address and name; a server that refuses is part of the traffic.
fetch()
{
	in_client curl -s -o /dev/null --max-time 20 "http://$1/$2" || true
}

ip netns add "$server"
ip netns add "$client"
ip -n "$server" link set lo up
ip -n "$client" link set lo up

"$here/capture-switch.py" --output "$output" fm-s0:fm-c0 fm-s5:fm-c5@5 &
jobs="$jobs $!"
sleep 1
attach "$server" fm-s0 10.9.0.1/24 fd00:9::1/64
attach "$client" fm-c0 10.9.0.2/24 fd00:9::2/64
attach "$server" fm-s5 10.9.5.1/24 fd00:9:5::1/64
attach "$client" fm-c5 10.9.5.2/24 fd00:9:5::2/64

for size in 300 4000 30000 60000; do
	head -c "$size" /dev/urandom >"$files/$size"
done
in_server python3 -m http.server --bind :: --directory "$files" 80 >/dev/null 2>&1 &
jobs="$jobs $!"
in_server "$here/capture-dns.py" serve &
jobs="$jobs $!"
sleep 1

in_client ping -q -c 3 -i 0.2 10.9.0.1 >/dev/null || true
in_client ping -q -c 3 -i 0.2 fd00:9::1 >/dev/null || true
in_client ping -q -c 2 -i 0.2 -s 4000 10.9.0.1 >/dev/null || true
in_client ping -q -c 2 -i 0.2 -s 4000 fd00:9::1 >/dev/null || true
for name in www.example.net mail.example.net files.example.net; do
	in_client "$here/capture-dns.py" ask 10.9.0.1 "$name"
	in_client "$here/capture-dns.py" ask fd00:9::1 "$name"
	in_client "$here/capture-dns.py" ask 10.9.5.1 "$name"
done
in_client "$here/capture-dns.py" ask 10.9.0.1 long.example.net 4000
in_client "$here/capture-dns.py" ask fd00:9::1 long.example.net 4000

for size in 300 4000 30000 60000; do
	fetch 10.9.0.1 "$size"
	fetch "[fd00:9::1]" "$size"
done
fetch 10.9.5.1 30000
fetch "[fd00:9:5::1]" 4000
fetch 10.9.0.1 no-such-file
fetch 10.9.0.1:8081 nobody-listens-here
# Several at once, so that their segments mix.
for size in 30000 30000 30000; do
	fetch 10.9.0.1 "$size" &
	fetches="$fetches $!"
done
for job in $fetches; do
	wait "$job"
done
sleep 1
