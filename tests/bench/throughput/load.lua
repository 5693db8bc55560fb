-- wrk's side of the bench: every request carries a live token that no other request carries at the same time, and what
-- an answer brings is used next. usage: wrk … -s load.lua URL -- METHOD PATH KIND FILE
-- KIND: header (token in Authorization), body (token in {"token"}), raw (each line is a body)
local method, path, kind, next_pattern
local tokens, first, last = {}, 1, 0
local bad = 0
bad_status = ""

local threads = {}
function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  method, path, kind = args[1], args[2], args[3]
  if args[5] then next_pattern = '"' .. args[5] .. '":"([^"]+)"' end
  for line in io.lines(args[4]) do
    last = last + 1
    tokens[last] = line
  end
  refused = 0
end

local function http(headers, body)
  return method .. " " .. path .. " HTTP/1.1\r\nHost: localhost\r\n" .. headers
    .. "Content-Length: " .. #body .. "\r\n\r\n" .. body
end

function request()
  local token = tokens[first]
  tokens[first] = nil
  first = first + 1
  if not next_pattern then
    last = last + 1
    tokens[last] = token
  end
  if kind == "header" then return http("Authorization: Bearer " .. token .. "\r\n", "") end
  if kind == "body" then return http("Content-Type: application/json\r\n", '{"token":"' .. token .. '"}') end
  return http("Content-Type: application/json\r\n", token)
end

function response(status, headers, body)
  if status ~= 200 then
    refused = refused + 1
    if refused == 1 then refusal = status .. " " .. body end
    return
  end
  if not next_pattern then return end
  last = last + 1
  tokens[last] = string.match(body, next_pattern)
end

function done(summary, latency)
  local refused, refusal = 0, ""
  for _, thread in ipairs(threads) do
    refused = refused + thread:get("refused")
    refusal = thread:get("refusal") or refusal
  end
  local errors = summary.errors
  print(string.format('RESULT {"requests":%d,"duration":%d,"p50":%f,"p99":%f,"failed":%d,"refused":%d,"refusal":%q}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.timeout, refused, refusal))
end
