"""`bin/bench`: page speeds, each compared with a bare Django view in the same run. See docs/bench.md."""
