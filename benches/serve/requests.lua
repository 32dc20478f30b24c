-- Asks for the paths of the file $CASE in turn and checks every answer. A line of the file: the body's length, a blank, the path.
-- Which connection an answer came on is not told, so it must have the length of one of the requests under way in this thread;
-- a length of -1 stands for any body that is not empty.
local threads = {}

function setup(thread)
  thread:set("number", #threads)
  table.insert(threads, thread)
end

function init()
  requests, lengths, awaited, wrong = {}, {}, {}, 0
  for line in io.lines(os.getenv("CASE")) do
    local length, path = line:match("^(%S+) (.+)$")
    table.insert(requests, wrk.format("GET", path))
    table.insert(lengths, tonumber(length))
  end
  -- The threads begin apart, so that they do not ask for the same at the same time.
  at = math.floor(#requests * number / 2)
end

function request()
  at = at % #requests + 1
  awaited[lengths[at]] = (awaited[lengths[at]] or 0) + 1
  return requests[at]
end

function response(status, _, body)
  local length = lengths[1] == -1 and #body > 0 and -1 or #body
  local left = awaited[length] or 0
  if status ~= 200 or left == 0 then
    wrong = wrong + 1
  else
    awaited[length] = left - 1
  end
end

function done(summary, latency)
  local failed = summary.errors
  local errors = failed.connect + failed.read + failed.write + failed.timeout
  for _, thread in ipairs(threads) do
    errors = errors + thread:get("wrong")
  end
  io.write(string.format(
    '\n{"rate": %f, "errors": %d, "p50": %f, "p99": %f, "max": %f}\n',
    summary.requests / summary.duration * 1e6, errors,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3))
end
