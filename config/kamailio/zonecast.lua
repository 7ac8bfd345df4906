-- What Kamailio's script asks of zonecast's table file. zonecast-lua.cfg calls these functions; they
-- answer by setting $vn() variables. Whatever goes wrong here, the answer stays "unavailable".
--
-- Of what a look-up costs, little is the look-up itself: most is the way into Lua and back. So the script comes
-- here once for each domain, and only what it cannot tell by itself is set.

local sets, seti = KSR.pv.sets, KSR.pv.seti
local handle         -- of this process: opened at its first request, so after the fork
local complaint = "" -- what was logged last: once, and not once a request

local function complain(text)
  text = tostring(text)
  if text == complaint then return end
  complaint = text
  if text ~= "" then KSR.err("zonecast: " .. text .. "\n") end
end

local function opened()
  if handle then return handle end
  local loaded, zonecast = pcall(require, "zonecast")
  if not loaded then
    complain(zonecast)
    return nil
  end
  local found, why = zonecast.open(KSR.pv.get("$shv(table)"), {
    max_age = tonumber(KSR.pv.get("$shv(table_max_age)")),
    owner = KSR.pv.get("$shv(table_owner)"),
  })
  if not found then complain(why) end
  handle = found
  return handle
end

-- Of those that are not hosted; what is not among them leaves "unavailable".
local ANSWERS = { foreign = "foreign", unknown = "unknown", invalid = "foreign" }

-- In the state that was looked into last.
function zonecast_domain(host)
  if not handle then return end
  local answer, did = handle:lookup(host)
  if answer == "hosted" then
    sets("$vn(did)", did)
  elseif ANSWERS[answer] then
    sets("$vn(answer)", ANSWERS[answer])
  end
end

-- In the newest state.
function zonecast_first_domain(host)
  if not (handle or opened()) then return end
  local fresh, why = handle:refresh()  -- when that fails, what was read last stays, as long as max_age lets it
  if not fresh or complaint ~= "" then complain(why or "") end
  zonecast_domain(host)
end

-- The attributes and the variables that they go to; digest.qop is apart, since it may have two values.
local VARIABLES = {
  ["digest.required"] = "$vn(digest_required)",
  ["digest.realm"] = "$vn(digest_realm)",
  ["digest.algorithm"] = "$vn(digest_algorithm)",
  ["foreign"] = "$vn(foreign)",
  ["mode"] = "$vn(mode)",
  ["peering"] = "$vn(peering)",
  ["record_route"] = "$vn(record_route)",
  ["enum.suffix"] = "$vn(enum_suffix)",
  ["gateway"] = "$vn(gateway)",
  ["ring_timeout"] = "$vn(ring_timeout)",
  ["registration.expires"] = "$vn(registration_expires)",
  ["registration.min"] = "$vn(registration_min)",
  ["registration.max"] = "$vn(registration_max)",
  ["registration.contacts"] = "$vn(registration_contacts)",
  ["registration.third_party"] = "$vn(registration_third_party)",
}

function zonecast_attributes(did)
  if not handle then return end
  for name, variable in pairs(VARIABLES) do
    local value = handle:attribute(did, name)
    if type(value) == "number" then
      sets(variable, string.format("%d", value))
    elseif value ~= nil then  -- what there is none of stays empty
      sets(variable, tostring(value))
    end
  end
  local qop = 0  -- 0: none, 1: auth, with or without auth-int, 2: auth-int alone
  for k = 1, 2 do
    local value = handle:attribute(did, "digest.qop", k)
    if value == "auth" then qop = 1 elseif value == "auth-int" and qop == 0 then qop = 2 end
  end
  seti("$vn(digest_qop)", qop)
  sets("$vn(attributes)", "found")
end

function zonecast_wanted(host)
  if handle then handle:wanted(host) end
end
