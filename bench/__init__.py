"""`bin/bench`: how fast the pages are, each beside a bare Django view in the same run. See docs/bench.md."""
