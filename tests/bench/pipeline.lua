-- wrk's script: requests as they are given, DEPTH of them at once, and the result
-- as JSON. wrk counts statuses from 400 on and broken connections; that no byte lacks
-- is seen from the bytes of all answers.

function init(args)
   local depth, text = tonumber(args[1]), args[2]:gsub("\\r\\n", "\r\n")
   wrk.request_text = string.rep(text, depth)
end

function request()
   return wrk.request_text
end

function done(summary, latency, requests)
   local e = summary.errors
   print(string.format(
      'JSON {"requests": %d, "bytes": %d, "seconds": %.6f, "failed": %d, ' ..
      '"p50": %d, "p99": %d, "most": %d}',
      summary.requests, summary.bytes, summary.duration / 1e6,
      e.connect + e.read + e.write + e.status + e.timeout,
      latency:percentile(50), latency:percentile(99), latency.max))
end
