-- ARGV: now, dialled number, caller's number, id from a token, call that claims, end of its claim. Empty: there is none.
local dialled, caller, token, call = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local found, place_by_id = { 'found' }, {}

local function add(id, by)
  local place = place_by_id[id]
  if place then
    found[place][1] = found[place][1] .. by
    return
  end
  if #found > CANDIDATES then return end
  local record = kept(id)
  if not record or not is_live(record) then return end
  local last = redis.call('HMGET', prefix .. 'agent:' .. record.customer_id, 'agent', 'until')
  local agent = (last[1] and number(last[2]) > now) and last[1] or ''
  found[#found + 1] = { by, agent, record }
  place_by_id[id] = #found
end

if token ~= '' then add(token, 't') end
if dialled ~= '' then
  local holder = redis.call('GET', prefix .. 'number:' .. dialled)
  if holder then add(holder, 'n') end
end
if caller ~= '' then
  for _, id in ipairs(redis.call('ZREVRANGE', prefix .. 'caller:' .. caller, 0, -1)) do add(id, 'c') end
end
if call ~= '' and #found == 2 then
  local id = next(place_by_id)
  take(id, found[2][3], call, tonumber(ARGV[6]))
end
for place = 2, #found do found[place][3] = told(found[place][3]) end
return found
