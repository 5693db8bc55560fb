-- wrk's side of the bench: each request carries a live token that no other request carries at the same time, and what
-- its answer brings is used next. usage: PORTS=1,2 wrk -t2 … -s load.lua URL -- METHOD PATH HEADER BODY FILE NEXT PROOF
-- One thread for each port; HEADER and BODY hold TOKEN in the place of a line of FILE. NEXT and PROOF may be empty. See operation.ts.
local ports = {}
for port in os.getenv("PORTS"):gmatch("%d+") do table.insert(ports, port) end

local threads = {}
function setup(thread)
  table.insert(threads, thread)
  thread.addr = wrk.lookup("127.0.0.1", ports[#threads])[1]
  thread:set("share", #threads - 1)
end

-- What stands before TOKEN, and after it; nothing after when it is not there.
local function split(template)
  local from, to = string.find(template, "TOKEN", 1, true)
  if not from then return template end
  return template:sub(1, from - 1), template:sub(to + 1)
end

local function put(token, before, after)
  if not after then return before end
  return before .. token .. after
end

local tokens, first, last = {}, 1, 0
local head, header, header_after, body, body_after, next_pattern, proof

function init(args)
  head = args[1] .. " " .. args[2] .. " HTTP/1.1\r\nHost: localhost\r\n"
  header, header_after = split(args[3])
  body, body_after = split(args[4])
  proof = args[7]
  if args[6] ~= "" then next_pattern = '"' .. args[6] .. '":"([^"]+)"' end
  local number = 0
  for line in io.lines(args[5]) do
    number = number + 1
    if number % #ports == share then
      last = last + 1
      tokens[last] = line
    end
  end
  refused = 0
end

function request()
  local token = tokens[first]
  tokens[first] = nil
  first = first + 1
  if not next_pattern then
    last = last + 1
    tokens[last] = token
  end
  local content = put(token, body, body_after)
  return head .. put(token, header, header_after) .. "\r\nContent-Length: " .. #content .. "\r\n\r\n" .. content
end

function response(status, headers, answer)
  local successor = next_pattern and string.match(answer, next_pattern)
  if status ~= 200 or (next_pattern and not successor) or not string.find(answer, proof, 1, true) then
    refused = refused + 1
    if refused == 1 then refusal = status .. " " .. answer end
  elseif successor then
    last = last + 1
    tokens[last] = successor
  end
end

function done(summary, latency)
  local refused, refusal = 0, ""
  for _, thread in ipairs(threads) do
    refused = refused + thread:get("refused")
    refusal = thread:get("refusal") or refusal
  end
  local errors = summary.errors
  print(string.format('RESULT {"requests":%d,"duration":%f,"p50":%f,"p99":%f,"failed":%d,"refused":%d} %s',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.timeout, refused, refusal))
end
