"""systemctl of a stage: says SOCKET VERB UNIT... to it, and fails with what it answers."""

import socket
import sys

with socket.socket(socket.AF_UNIX) as stage:
    stage.connect(sys.argv[1])
    stage.sendall(" ".join(sys.argv[2:]).encode())
    stage.shutdown(socket.SHUT_WR)
    answer = stage.makefile().read()
sys.exit(answer or 0)
