-- ARGV: now, id, created, expires, intents at most, key, body, end of the key, pool, quarantine, shared number, the numbers were
-- seeded again (1), customer, phones, codes, then field and value of the record. Empty: there is none.
local id, created, expires, max = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local key, body, key_end = ARGV[6], ARGV[7], ARGV[8]
local pool, quarantine, shared_number, seeded_again = ARGV[9], ARGV[10], ARGV[11], ARGV[12] == '1'
local customer, phones, codes = ARGV[13], ARGV[14], ARGV[15]
local FIELDS = 16

local outdated = redis.call('ZRANGEBYSCORE', prefix .. 'intents', '-inf', whole(now - SKEW), 'LIMIT', 0, REAPED_AT_ONCE)
if #outdated > 0 then redis.call('ZREM', prefix .. 'intents', unpack(outdated)) end

if key ~= '' then
  local known = redis.call('HMGET', prefix .. 'key:' .. key, 'body', 'intent', 'until')
  if known[1] and number(known[3]) > now then
    if known[1] ~= body then return { 'key_reused' } end
    local record = kept(known[2])
    if record then return { 'replayed', told(record) } end
  end
end
local again = kept(id)
if again then return { 'replayed', told(again) } end
if redis.call('ZCARD', prefix .. 'intents') >= max then return { 'full' } end

local pool_key = prefix .. 'pool:' .. pool
if pool ~= '' and not seeded_again and redis.call('EXISTS', pool_key) == 0 then return { 'unseeded' } end

-- What is left of an ended intent with the same id.
local old = read(id)
if old then
  each_phone(old, function(caller) redis.call('ZREM', caller, id) end)
  with_pin(id, old, function(key) redis.call('DEL', key) end)
  if holds_number(id, old) then redis.call('DEL', prefix .. 'number:' .. old.number) end
  redis.call('DEL', intent_key(id))
end

local leased, shared = '', ''
if pool ~= '' then
  local first = redis.call('ZRANGE', pool_key, 0, 0, 'WITHSCORES')
  if first[1] and number(first[2]) <= now then
    leased, shared = first[1], '0'
    local free_from = expires + quarantine
    redis.call('ZADD', pool_key, whole(free_from), leased)
    live_until(pool_key, math.max(free_from, now + POOL_KEPT))
    redis.call('SET', prefix .. 'number:' .. leased, id)
    live_until(prefix .. 'number:' .. leased, tonumber(expires))
  elseif shared_number ~= '' then
    leased, shared = shared_number, '1'
  end
end

local pin = ''
if shared == '1' then
  for code in string.gmatch(codes, '%S+') do
    -- One that is over by this clock may be live by that of another process.
    if pin == '' and not pin_holder(leased, code, now - SKEW) then pin = code end
  end
end
if pin ~= '' then
  redis.call('SET', pin_key(leased, pin), id)
  live_until(pin_key(leased, pin), tonumber(expires))
end

local record = {
  created = created, expires = expires, keep = '0', state = 'open', call = '', ['until'] = '0', version = '1',
  number = leased, pin = pin, shared = shared, pool = pool, quarantine = quarantine, customer_id = customer, phones = phones,
}
local rest = {}
for i = FIELDS, #ARGV, 2 do rest[ARGV[i]] = ARGV[i + 1] end
record.callback, rest.callback = rest.callback, nil
record.packed = cmsgpack.pack(rest)
local fields = {}
for field, value in pairs(record) do
  fields[#fields + 1] = field
  fields[#fields + 1] = value
end
redis.call('HSET', intent_key(id), unpack(fields))
keep_until(id, record, tonumber(expires) + KEPT_AFTER)

each_phone(record, function(caller)
  redis.call('ZREMRANGEBYSCORE', caller, '-inf', whole(now - SKEW))
  redis.call('ZADD', caller, expires, id)
  redis.call('ZREMRANGEBYRANK', caller, 0, -(PER_CALLER + 1))
  live_until(caller, tonumber(expires))
end)

if key ~= '' then
  redis.call('HSET', prefix .. 'key:' .. key, 'body', body, 'intent', id, 'until', key_end)
  live_until(prefix .. 'key:' .. key, tonumber(key_end))
end
return { 'registered', told(record) }
