-- What all scripts share. The constants SKEW, KEPT_AFTER, ... stand before this text; times are milliseconds since 1970.
local prefix = KEYS[1] .. ':'
local now = tonumber(ARGV[1])

local function number(text) return tonumber(text) or 0 end

local function whole(value) return string.format('%.0f', value) end

-- The key lives until everybody's clock is past `moment`; its life is never shortened.
local function live_until(key, moment)
  local left = math.max(moment - now, 0) + SKEW
  if redis.call('PTTL', key) < left then redis.call('PEXPIRE', key, whole(left)) end
end

local function intent_key(id) return prefix .. 'intent:' .. id end

-- What scripts do not look into, packed, of a record that was written when each of it was a field of the hash.
local function packed_since(id)
  local own, rest, flat = {}, {}, redis.call('HGETALL', intent_key(id))
  for _, name in ipairs(OWN) do own[name] = true end
  for i = 1, #flat, 2 do
    if not own[flat[i]] then rest[flat[i]] = flat[i + 1] end
  end
  return cmsgpack.pack(rest)
end

-- The record as a table of texts, or nil.
local function read(id)
  local values = redis.call('HMGET', intent_key(id), unpack(OWN))
  if not values[1] then return nil end
  local record = {}
  for i, name in ipairs(OWN) do record[name] = values[i] or '' end
  if record.packed == '' then record.packed = packed_since(id) end
  return record
end

-- The same, unless it has been kept long enough.
local function kept(id)
  local record = read(id)
  if record and number(record.keep) > now then return record end
end

-- How a record is answered: its texts in the order of OWN, packed as one value. Some dozens of them cost more than all the rest.
local function told(record)
  local values = {}
  for i, name in ipairs(OWN) do values[i] = record[name] end
  return cmsgpack.pack(values)
end

-- The same of what is there now.
local function told_anew(id) return told(read(id)) end

-- At this moment, or now.
local function is_live(record, moment)
  return (record.state == 'open' or record.state == 'claimed') and number(record.expires) > (moment or now)
end

-- The keys' lives were prolonged when `keep` was.
local function keep_until(id, record, moment)
  if moment <= number(record.keep) then return end
  record.keep = whole(moment)
  redis.call('HSET', intent_key(id), 'keep', record.keep)
  redis.call('ZADD', prefix .. 'intents', record.keep, id)
  live_until(intent_key(id), moment)
  live_until(prefix .. 'intents', moment)
end

-- Takes the intent for a call until `ends`, or says why not: it is 'gone', or 'taken' by another.
local function take(id, record, call, ends)
  if not record or record.state == 'used' or record.state == 'withdrawn' then return 'gone' end
  if record.state == 'claimed' and record.call == call then
    ends = math.max(ends, number(record['until']))
  elseif record.state == 'claimed' and number(record['until']) > now then
    return 'taken'
  elseif number(record.expires) <= now then
    return 'gone'
  end
  record.state, record.call, record['until'] = 'claimed', call, whole(ends)
  redis.call('HSET', intent_key(id), 'state', record.state, 'call', record.call, 'until', record['until'])
  keep_until(id, record, ends + KEPT_AFTER)
end
