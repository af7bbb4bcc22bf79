-- Reserves all events that were not handled yet, or none: KEYS are the events, ARGV the unit's token and its lease in ms.
-- A key holds `=` when its event was handled, else the token of the unit that is at work on it.
local fresh = {}
for place, key in ipairs(KEYS) do
    local held = redis.call('GET', key)
    if not held or held == ARGV[1] then
        fresh[#fresh + 1] = place
    elseif held ~= '=' then
        -- Another unit's: for so long at the most.
        return { math.max(redis.call('PTTL', key), 1) }
    end
end
for _, place in ipairs(fresh) do
    redis.call('SET', KEYS[place], ARGV[1], 'PX', ARGV[2])
end
table.insert(fresh, 1, 0)
return fresh
