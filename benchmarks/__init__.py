"""mailcore beside other mail servers: ``python -m benchmarks --peers dovecot,postfix``.

Each row of the table is a piece of work that a driver of our own asks of one server after the
other, over sockets on loopback: the server on one core, the driver on another. Commands are made
before the clock starts. Runs are interleaved; what is told is the median, and ratios.

``benchmarks.micro`` measures pieces of mailcore by themselves, against a floor in the same run.
"""
