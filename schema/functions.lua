#!lua name=@LIBRARY@
-- zonecast's Redis Functions: everything that its publisher writes, each call all or nothing.
--
-- A Function is not rolled back when a command in it fails. So each first makes sure that nothing
-- can fail: types and permissions are checked in each call, since they may change between two; and
-- the one command that may still be refused, the first XADD, is the first write. Every call but
-- acquire() is fenced: it does nothing unless the caller's term is the one in force.
--
-- Replies: {'ok', ...}, or why nothing was done: {'held', owner, milliseconds},
-- {'denied', command, key}, {'type', key, type}, {'fenced', text}, {'moved', text}.

local SLICE = 1000  -- arguments per command; Lua's unpack ends near 8000

local function call(command, key, args, first, last)
  for i = first, last, SLICE do
    redis.call(command, key, unpack(args, i, math.min(i + SLICE - 1, last)))
  end
end

local function fenced(meta, term)
  local inForce = redis.call('HGET', meta, 'term')
  if not inForce then
    return {'fenced', 'Redis has lost what was in it (' .. meta .. ' has no term): ' ..
                      'everything is published again'}
  end
  if inForce ~= term then
    local leader = redis.call('HGET', meta, 'leader') or 'nobody'
    return {'fenced', 'term ' .. inForce .. ' of ' .. leader .. ' is in force'}
  end
end

-- The three that make up a position: lineage, version, chain. '' stands for a missing one.
local function moved(meta, lineage, version, chain)
  local found = redis.call('HMGET', meta, 'lineage', 'version', 'chain')
  if (found[1] or '') ~= lineage or (found[2] or '') ~= version or (found[3] or '') ~= chain then
    return {'moved', 'Redis is at version ' .. (found[2] or 'none') .. ' of lineage ' ..
                     (found[1] or 'none') .. ', not at ' .. version .. ' of ' .. lineage}
  end
end

local function append(log, log_max, id, field, entry)
  local reply = redis.pcall('XADD', log, 'MAXLEN', '~', log_max, id, field, entry)
  if type(reply) == 'table' and reply.err then
    return {'moved', 'log entry ' .. id .. ': ' .. reply.err}
  end
end

local function describe(meta, domain, vdomain, did, position)
  local time = redis.call('TIME')
  redis.call('HSET', meta, 'schema', '1', 'lineage', position.lineage, 'version', position.version,
             'chain', position.chain, 'content', position.content,
             'domains', redis.call('HLEN', domain), 'virtual_domains', redis.call('HLEN', vdomain),
             'dids', redis.call('HLEN', did), 'updated', time[1] .. string.format('%03d', math.floor(tonumber(time[2]) / 1000)))
end

-- The first command, if any, that the caller may not use.
local function denied(needs)
  for _, need in ipairs(needs) do
    if not redis.acl_check_cmd(unpack(need)) then
      return {'denied', need[1], need[2] or ''}
    end
  end
end

local function mistyped(keys, wanted)
  for key, expected in pairs(wanted) do
    local found = redis.call('TYPE', keys[key]).ok
    if found ~= expected and found ~= 'none' then
      return {'type', keys[key], found}
    end
  end
end

-- Takes the lease, with a new term.
-- keys: meta, lease, domain, attribute, vdomain, did, log, a stage and an aside key as examples
-- args: owner, lease in milliseconds, greatest term that the caller knows of, events channel
local function acquire(keys, args)
  local meta, lease, domain, log, stage, aside = keys[1], keys[2], keys[3], keys[7], keys[8], keys[9]
  local owner, ttl, known, channel = unpack(args)
  local refusal = denied({
    {'GET', lease}, {'SET', lease, '', 'PX', '1'}, {'PTTL', lease}, {'TIME'}, {'TYPE', meta},
    {'HGET', meta, ''}, {'HMGET', meta, ''}, {'HSET', meta, '', ''}, {'HDEL', domain, ''},
    {'HLEN', domain}, {'EXISTS', domain}, {'EXPIRE', stage, '1'}, {'PERSIST', domain},
    {'RENAME', domain, aside}, {'UNLINK', aside}, {'XADD', log, '1-1', '', ''},
    {'PUBLISH', channel, ''},
  }) or mistyped(keys, {'hash', 'string', 'hash', 'hash', 'hash', 'hash', 'stream'})
  if refusal then return refusal end
  local schema = redis.call('HGET', meta, 'schema') or '1'
  if schema ~= '1' then
    return {'moved', 'the content is of schema ' .. schema .. ', which we do not write'}
  end

  local holder = redis.call('GET', lease)
  if holder and holder ~= owner then
    return {'held', holder, redis.call('PTTL', lease)}
  end
  local newest = tonumber(redis.call('HGET', meta, 'term') or '0') or 0
  local term = math.max(newest, tonumber(known)) + 1
  if not (term > 0 and term < 2 ^ 53) then
    return {'moved', 'meta: the term is no number that can be exceeded'}
  end
  term = string.format('%.0f', term)
  redis.call('SET', lease, owner, 'PX', ttl)
  redis.call('HSET', meta, 'term', term, 'leader', owner)
  return {'ok', term}
end

-- Keeps the lease. A lease that ran out unnoticed is taken up again: its term is still in force.
-- keys: meta, lease; args: owner, term, lease in milliseconds
local function renew(keys, args)
  local meta, lease = keys[1], keys[2]
  local owner, term, ttl = unpack(args)
  local refusal = fenced(meta, term)
  if refusal then return refusal end
  redis.call('SET', lease, owner, 'PX', ttl)
  return {'ok'}
end

-- Applies one change set.
-- keys: meta, domain, attribute, vdomain, did, log
-- args: term, lineage, version, chain (as they must be), version, chain, content (as they will be),
--       log length, events channel, event, then n and n log entries, then for domain, attribute,
--       vdomain and did each: n and n fields and values to put, n and n fields to remove
local function publish(keys, args)
  local meta, domain, vdomain, did, log = keys[1], keys[2], keys[4], keys[5], keys[6]
  local term, lineage, version, chain, next_version, next_chain, content, log_max, channel, event =
      unpack(args, 1, 10)
  local refusal = fenced(meta, term) or moved(meta, lineage, version, chain) or
      mistyped({domain, keys[3], vdomain, did, log}, {'hash', 'hash', 'hash', 'hash', 'stream'}) or
      denied({
        {'XADD', log, 'MAXLEN', '~', log_max, '1-1', '', ''}, {'PUBLISH', channel, ''}, {'TIME'},
        {'HSET', meta, '', ''}, {'HLEN', domain}, {'HLEN', vdomain},
        {'HSET', domain, '', ''}, {'HSET', keys[3], '', ''}, {'HSET', vdomain, '', ''},
        {'HSET', did, '', ''}, {'HLEN', did},
        {'HDEL', domain, ''}, {'HDEL', keys[3], ''}, {'HDEL', vdomain, ''}, {'HDEL', did, ''},
      })
  if refusal then return refusal end

  local at = 11
  local function take(per_item)  -- a count and so many items: where they begin and end
    local first = at + 1
    at = first + tonumber(args[at]) * per_item
    return first, at - 1
  end
  local first, last = take(1)
  for i = first, last do
    refusal = append(log, log_max, next_version .. '-' .. (i - first + 1), 'changes', args[i])
    if refusal then return refusal end
  end
  for i = 2, 5 do
    call('HSET', keys[i], args, take(2))
    call('HDEL', keys[i], args, take(1))
  end
  describe(meta, domain, vdomain, did, {lineage = lineage, version = next_version,
                                        chain = next_chain, content = content})
  redis.call('PUBLISH', channel, event)
  return {'ok'}
end

-- Puts fields into a staged hash, which vanishes if nobody swaps it in.
-- keys: meta, the staged hash; args: term, version, seconds to live, fields and values
local function stage(keys, args)
  local meta, staged = keys[1], keys[2]
  local term, version, ttl = unpack(args, 1, 3)
  local refusal = fenced(meta, term)
  if refusal then return refusal end
  call('HSET', staged, args, 4, #args)
  redis.call('EXPIRE', staged, ttl)
  redis.call('HSET', meta, 'staging', term .. ':' .. version)
  return {'ok'}
end

-- Makes the staged hashes the content. The old ones are renamed aside first, and then unlinked: a
-- RENAME onto an existing hash of a million fields blocks Redis for half a second.
-- keys: meta, log, then domain, attribute, vdomain, did: live, staged and aside each
-- args: term, lineage, version, chain (as they must be), lineage, version, chain, content (as they
--       will be), log length, events channel, event, log entry, number of fields staged in each
local function swap(keys, args)
  local meta, log, domain, vdomain, did = keys[1], keys[2], keys[3], keys[9], keys[12]
  local term, lineage, version, chain, next_lineage, next_version, next_chain, content, log_max,
        channel, event, entry = unpack(args, 1, 12)
  local refusal = fenced(meta, term) or moved(meta, lineage, version, chain) or
      mistyped({log, domain, keys[6], vdomain, did},
               {'stream', 'hash', 'hash', 'hash', 'hash'}) or denied({
        {'XADD', log, 'MAXLEN', '~', log_max, '1-1', '', ''}, {'PUBLISH', channel, ''}, {'TIME'},
        {'HGET', meta, ''}, {'HSET', meta, '', ''}, {'HDEL', meta, ''},
      })
  for i = 3, 12, 3 do
    local live, staged, aside = keys[i], keys[i + 1], keys[i + 2]
    refusal = refusal or denied({
      {'HLEN', live}, {'EXISTS', live}, {'EXISTS', staged}, {'RENAME', live, aside},
      {'RENAME', staged, live}, {'PERSIST', live}, {'UNLINK', aside},
    })
  end
  if refusal then return refusal end
  for i = 0, 3 do
    local staged = redis.call('HLEN', keys[4 + 3 * i])
    if staged ~= tonumber(args[13 + i]) then
      return {'moved', keys[4 + 3 * i] .. ' has ' .. staged .. ' fields, not ' .. args[13 + i]}
    end
  end
  local generation = (tonumber(redis.call('HGET', meta, 'generation') or '0') or 0) + 1
  refusal = append(log, log_max, next_version .. '-1', 'rebase', entry)
  if refusal then return refusal end

  for i = 3, 12, 3 do
    local live, staged, aside = keys[i], keys[i + 1], keys[i + 2]
    redis.call('UNLINK', aside)
    if redis.call('EXISTS', live) == 1 then redis.call('RENAME', live, aside) end
    if redis.call('EXISTS', staged) == 1 then
      redis.call('RENAME', staged, live)
      redis.call('PERSIST', live)
    end
    redis.call('UNLINK', aside)
  end
  describe(meta, domain, vdomain, did, {lineage = next_lineage, version = next_version,
                                        chain = next_chain, content = content})
  redis.call('HSET', meta, 'generation', string.format('%.0f', generation))
  redis.call('HDEL', meta, 'staging')
  redis.call('PUBLISH', channel, event)
  return {'ok'}
end

redis.register_function('@LIBRARY@_acquire', acquire)
redis.register_function('@LIBRARY@_renew', renew)
redis.register_function('@LIBRARY@_publish', publish)
redis.register_function('@LIBRARY@_stage', stage)
redis.register_function('@LIBRARY@_swap', swap)
