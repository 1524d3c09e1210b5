-- ARGV: now, id, life from now on (empty: as it is), the shortest and the longest from the registration, then field and value of the record.
local id, ttl = ARGV[2], ARGV[3]
local record = kept(id)
if not record or not is_live(record) then return { 'gone' } end

local old_expiry = number(record.expires)
local expires = old_expiry
if ttl ~= '' then
  local first, last = number(record.created) + tonumber(ARGV[4]), number(record.created) + tonumber(ARGV[5])
  expires = math.min(math.max(now + tonumber(ttl), first), last)
end
redis.call('HSET', intent_key(id), 'version', whole(number(record.version) + 1), 'expires', whole(expires))
if #ARGV > 5 then
  local rest = cmsgpack.unpack(record.packed)
  for i = 6, #ARGV, 2 do rest[ARGV[i]] = ARGV[i + 1] end
  redis.call('HSET', intent_key(id), 'packed', cmsgpack.pack(rest))
end
keep_until(id, record, expires + KEPT_AFTER)

if expires ~= old_expiry then
  each_phone(record, function(caller)
    redis.call('ZADD', caller, 'XX', whole(expires), id)
    live_until(caller, expires)
  end)
  with_pin(id, record, function(key) live_until(key, expires) end)
  if holds_number(id, record) then
    set_free_from(record, function() return expires + number(record.quarantine) end)
    live_until(prefix .. 'number:' .. record.number, expires)
  end
end
return { 'amended', told_anew(id) }
