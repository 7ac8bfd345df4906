/* The Lua 5.1 module `zonecast` on libzonecast, for Kamailio's app_lua, FreeSWITCH, nginx and others.
 *
 *     local zonecast = require "zonecast"
 *     local table, why = zonecast.open("/dev/shm/zonecast-main/table", {max_age = 300})
 *     table:refresh()                                 -- for each request
 *     local answer, did = table:lookup("example.com")
 *     if answer == "hosted" then ... table:attribute(did, "digest.realm") ... end
 *
 * What it gives is Lua's own: nothing points into the table. One handle per process and thread: a
 * forked child opens its own. Each function says what it returns; nothing raises an error but an argument
 * of the wrong type or out of range, or memory that is out.
 */
#include <lauxlib.h>
#include <lua.h>
#include <string.h>

#include "zonecast.h"

static const char kHandle[] = "zonecast.table";

/* What each function has at hand, so that a look-up need not look for it: the metatable of handles, and the
 * texts of the answers, by their numbers. */
enum { kMetatable = 1, kUpvalues = kMetatable + ZONECAST_INVALID };

static zonecast_table **holder(lua_State *lua) {
  zonecast_table **held = lua_touserdata(lua, 1);
  const int has_metatable = held != NULL && lua_getmetatable(lua, 1);
  if (!has_metatable || !lua_rawequal(lua, -1, lua_upvalueindex(kMetatable))) luaL_typerror(lua, 1, kHandle);
  lua_pop(lua, 1);
  return held;
}

static zonecast_table *checked(lua_State *lua) {
  zonecast_table *table = *holder(lua);
  if (table == NULL) luaL_error(lua, "this table is closed");
  return table;
}

static void push_text(lua_State *lua, zonecast_text text) { lua_pushlstring(lua, text.octets, text.length); }

static void push_value(lua_State *lua, const zonecast_value *value) {
  switch (value->type) {
    case ZONECAST_STRING:
      push_text(lua, value->text);
      return;
    case ZONECAST_BOOLEAN:
      lua_pushboolean(lua, value->number != 0);
      return;
    case ZONECAST_INTEGER:
    case ZONECAST_DURATION:
      lua_pushnumber(lua, (lua_Number)value->number);
      return;
  }
  lua_pushnil(lua);
}

/* zonecast.open(path [, {max_age =, owner =, wanted =}]): a table, or nil and why not. */
static int open_table(lua_State *lua) {
  const char *path = luaL_checkstring(lua, 1);
  zonecast_options options;
  char error[512];
  zonecast_table **held;
  memset(&options, 0, sizeof options);
  options.size = sizeof options;
  if (!lua_isnoneornil(lua, 2)) {
    luaL_checktype(lua, 2, LUA_TTABLE);
    lua_settop(lua, 2);
    /* They stay on the stack, so that their texts live on. */
    lua_getfield(lua, 2, "max_age");
    lua_getfield(lua, 2, "owner");
    lua_getfield(lua, 2, "wanted");
    const lua_Number max_age = luaL_optnumber(lua, 3, 0);
    /* Not cut to what fits: that might be 0, for which nothing is too old. */
    luaL_argcheck(lua, max_age == 0 || (max_age >= 1 && max_age <= UINT32_MAX), 2, "max_age is out of range");
    options.max_age = (uint32_t)max_age;
    options.owner = luaL_optstring(lua, 4, NULL);
    options.wanted = luaL_optstring(lua, 5, NULL);
  }
  held = lua_newuserdata(lua, sizeof *held);
  *held = NULL;
  lua_pushvalue(lua, lua_upvalueindex(kMetatable));
  lua_setmetatable(lua, -2);
  *held = zonecast_open(path, &options, error, sizeof error);
  if (*held != NULL) return 1;
  lua_pushnil(lua);
  lua_pushstring(lua, error);
  return 2;
}

static int close_table(lua_State *lua) {
  zonecast_table **held = holder(lua);
  zonecast_close(*held);
  *held = NULL;
  return 0;
}

/* table:refresh(): true, or false and why; what was read last stays. */
static int refresh(lua_State *lua) {
  zonecast_table *table = checked(lua);
  const bool is_new = zonecast_refresh(table);
  lua_pushboolean(lua, is_new);
  if (is_new) return 1;
  lua_pushstring(lua, zonecast_error(table));
  return 2;
}

static void push_transports(lua_State *lua, unsigned transports) {
  static const char *const names[] = {"", "udp", "tcp", "tls", "ws", "wss"};
  char text[32] = "";
  for (unsigned i = 1; i < sizeof names / sizeof *names; ++i) {
    if ((transports & 1U << i) == 0) continue;
    if (*text != '\0') strcat(text, ",");
    strcat(text, names[i]);
  }
  lua_pushstring(lua, text);
}

/* table:lookup(host): "hosted" and its DID; or one of "foreign", "unknown", "too_old", "invalid". */
static int lookup(lua_State *lua) {
  zonecast_table *table = checked(lua);
  size_t length;
  const char *host = luaL_checklstring(lua, 2, &length);
  zonecast_domain domain;
  const zonecast_answer answer = zonecast_lookup(table, host, length, &domain);
  lua_pushvalue(lua, lua_upvalueindex(kMetatable + (int)answer));
  if (answer != ZONECAST_HOSTED) return 1;
  push_text(lua, domain.did);
  return 2;
}

/* table:domain(host): {did =, name =, state = "hosted" or "retiring", role = "primary" or "backup",
 * transports = "udp,tcp"}, or nil when it is not hosted. */
static int domain_of(lua_State *lua) {
  zonecast_table *table = checked(lua);
  size_t length;
  const char *host = luaL_checklstring(lua, 2, &length);
  zonecast_domain domain;
  if (zonecast_lookup(table, host, length, &domain) != ZONECAST_HOSTED) return 0;
  lua_newtable(lua);
  push_text(lua, domain.did);
  lua_setfield(lua, -2, "did");
  push_text(lua, domain.name);
  lua_setfield(lua, -2, "name");
  lua_pushstring(lua, domain.state == ZONECAST_STATE_RETIRING ? "retiring" : "hosted");
  lua_setfield(lua, -2, "state");
  lua_pushstring(lua, domain.role == ZONECAST_ROLE_BACKUP ? "backup" : "primary");
  lua_setfield(lua, -2, "role");
  push_transports(lua, domain.transports);
  lua_setfield(lua, -2, "transports");
  return 1;
}

static bool find(lua_State *lua, zonecast_virtual_domain *found) {
  zonecast_table *table = checked(lua);
  size_t length;
  const char *did = luaL_checklstring(lua, 2, &length);
  return zonecast_virtual_domain_find(table, did, length, found);
}

/* table:attribute(did, name [, k]): its k-th value (1 is the first): a string, a number (of a duration: its
 * seconds) or a boolean; nil when there is none. */
static int attribute(lua_State *lua) {
  zonecast_virtual_domain found;
  zonecast_value value;
  size_t length;
  const bool has_found = find(lua, &found);
  const char *name = luaL_checklstring(lua, 3, &length);
  const lua_Integer k = luaL_optinteger(lua, 4, 1);
  if (has_found && k >= 1 && zonecast_attribute_find(checked(lua), &found, name, length, (size_t)k - 1, &value)) {
    push_value(lua, &value);
  } else {
    lua_pushnil(lua);
  }
  return 1;
}

/* table:attributes(did): {name = {value, ...}, ...}, or nil when there is no such virtual domain. */
static int attributes(lua_State *lua) {
  zonecast_virtual_domain found;
  zonecast_value value;
  if (!find(lua, &found)) return 0;
  lua_newtable(lua);
  for (size_t k = 0; zonecast_attribute(checked(lua), &found, k, &value); ++k) {
    push_text(lua, value.name);
    lua_pushvalue(lua, -1);
    lua_rawget(lua, -3);
    if (lua_isnil(lua, -1)) {
      lua_pop(lua, 1);
      lua_newtable(lua);
      lua_pushvalue(lua, -2);
      lua_pushvalue(lua, -2);
      lua_rawset(lua, -5);
    }
    push_value(lua, &value);
    lua_rawseti(lua, -2, (int)lua_objlen(lua, -2) + 1);
    lua_pop(lua, 2);
  }
  return 1;
}

/* table:members(did): {domain, ...}, or nil. */
static int members(lua_State *lua) {
  zonecast_virtual_domain found;
  zonecast_text member;
  if (!find(lua, &found)) return 0;
  lua_newtable(lua);
  for (size_t k = 0; zonecast_member(checked(lua), &found, k, &member); ++k) {
    push_text(lua, member);
    lua_rawseti(lua, -2, (int)k + 1);
  }
  return 1;
}

static void set_number(lua_State *lua, const char *name, lua_Number number) {
  lua_pushnumber(lua, number);
  lua_setfield(lua, -2, name);
}

/* table:status(): {version =, term =, lineage =, commit =, generation =, age =, domains =, virtual_domains =,
 * foreign =}; age, in seconds, is nil when the mirror never knew its table to be the newest. */
static int status(lua_State *lua) {
  zonecast_status told;
  zonecast_status_of(checked(lua), &told);
  lua_newtable(lua);
  set_number(lua, "version", (lua_Number)told.version);
  set_number(lua, "term", (lua_Number)told.term);
  set_number(lua, "commit", (lua_Number)told.commit);
  set_number(lua, "generation", (lua_Number)told.generation);
  set_number(lua, "domains", (lua_Number)told.domains);
  set_number(lua, "virtual_domains", (lua_Number)told.virtual_domains);
  set_number(lua, "foreign", (lua_Number)told.foreign);
  if (told.age >= 0) set_number(lua, "age", (lua_Number)told.age);
  lua_pushstring(lua, told.lineage);
  lua_setfield(lua, -2, "lineage");
  return 1;
}

/* table:wanted(host): tells the mirror of an unknown domain. False: nobody listens, or it is too busy. */
static int wanted(lua_State *lua) {
  zonecast_table *table = checked(lua);
  size_t length;
  const char *host = luaL_checklstring(lua, 2, &length);
  lua_pushboolean(lua, zonecast_wanted(table, host, length));
  return 1;
}

/* Sets functions in the table on top, each with all that stands below it from `first` on. */
static void set_functions(lua_State *lua, int first, const luaL_Reg *functions) {
  for (; functions->name != NULL; ++functions) {
    for (int i = 0; i < kUpvalues; ++i) lua_pushvalue(lua, first + i);
    lua_pushcclosure(lua, functions->func, kUpvalues);
    lua_setfield(lua, -2, functions->name);
  }
}

__attribute__((visibility("default"))) int luaopen_zonecast(lua_State *lua) {
  static const luaL_Reg methods[] = {{"refresh", refresh},
                                     {"lookup", lookup},
                                     {"domain", domain_of},
                                     {"attribute", attribute},
                                     {"attributes", attributes},
                                     {"members", members},
                                     {"status", status},
                                     {"wanted", wanted},
                                     {"close", close_table},
                                     {"__gc", close_table},
                                     {NULL, NULL}};
  static const luaL_Reg functions[] = {{"open", open_table}, {NULL, NULL}};
  static const char *const answers[kUpvalues] = {NULL, "hosted", "foreign", "unknown", "too_old", "invalid"};
  const int first = lua_gettop(lua) + 1;
  luaL_newmetatable(lua, kHandle);
  for (int i = ZONECAST_HOSTED; i <= ZONECAST_INVALID; ++i) lua_pushstring(lua, answers[i]);
  lua_pushvalue(lua, first);
  lua_pushvalue(lua, first);
  lua_setfield(lua, -2, "__index");
  set_functions(lua, first, methods);
  lua_newtable(lua);
  set_functions(lua, first, functions);
  return 1;
}
