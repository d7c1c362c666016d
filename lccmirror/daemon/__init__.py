"""The daemon: when the work is done, who asks for it, and how it ends.

One writer thread does everything that changes the mirror, one task after the other. The
scheduler, people at the control socket and signals only put tasks on its queue.

=================  ======================================================================
`timetable`        when something is due again
`jobs`             what the daemon does by itself, as the configuration says
`duties`           how each of these is done
`agenda`           the due times in the catalog: nothing missed, nothing done twice
`troubles`         one line when something goes wrong, one a day, one when it is over
`clockwatch`       whether the clock was put back
`signals`          heard at once; a wish to leave is met in time
`surprises`        errors that nobody foresaw, the same one once a day
`scheduler`        APScheduler behind a small protocol
`queue`            tasks waiting for the writer
`runner`           runs what is due, and judges how it ended
`askers`           does what is asked for, and tells who asked
`core`             the daemon without threads, sockets or signals
`hold`             the mirror and the client it works with; a new configuration
`requests`         what people ask for over the control socket
`protocol`         how that is written; `outbox`, `control` and `asking` are its two ends
`process`          threads, signals, systemd: a real process around `core`
=================  ======================================================================
"""
