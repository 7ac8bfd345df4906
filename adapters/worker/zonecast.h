/* libzonecast: which SIP domains are ours, and how they are configured, at memory speed.
 *
 * zonecast-mirror keeps a table file in shared memory; this library reads it, without a lock, a
 * system call or an allocation in a look-up. It needs nothing but the C and C++ run-time libraries.
 *
 *     zonecast_table *table = zonecast_open("/dev/shm/zonecast/table", NULL, error, sizeof error);
 *     ...
 *     zonecast_refresh(table);                      // for each request: go on to the newest state
 *     zonecast_domain domain;
 *     if (zonecast_lookup(table, host, strlen(host), &domain) == ZONECAST_HOSTED) ...
 *
 * Thread-safety: one handle per thread; a forked child opens its own. Lifetime: all that a look-up
 * gives points into the table and lives until the handle's next zonecast_refresh() or
 * zonecast_close(), and for the grace time of the mirror (--grace, 60 s) after the table was
 * replaced: texts of a longer-lived result read as zeros, never as anything else. All look-ups
 * between two refreshes see one state. Texts are not terminated by a NUL.
 *
 * Hosts are compared without case; one final dot is dropped, and the brackets of an IPv6 address
 * ("[2001:db8::1]" and "2001:db8::1" are the same domain, however it is written).
 */
#ifndef ZONECAST_H
#define ZONECAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct zonecast_table zonecast_table; /* a handle */

typedef struct {
  const char* octets;
  size_t length;
} zonecast_text;

typedef enum {
  ZONECAST_HOSTED = 1,  /* ours: serve. A retiring domain, too */
  ZONECAST_FOREIGN = 2, /* DNS was asked, and says that it is not ours */
  ZONECAST_UNKNOWN = 3, /* not in the table: most likely not ours, but nobody asked DNS. Say so by
                           zonecast_wanted() and treat it as your policy has it */
  ZONECAST_TOO_OLD = 4, /* the table is older than max_age, was never filled, or is damaged:
                           nothing is known */
  ZONECAST_INVALID = 5  /* this cannot be the host part of a SIP URI */
} zonecast_answer;

typedef enum { ZONECAST_STATE_HOSTED = 1, ZONECAST_STATE_RETIRING = 2 } zonecast_state;
typedef enum { ZONECAST_ROLE_PRIMARY = 1, ZONECAST_ROLE_BACKUP = 2 } zonecast_role;

/* A set of transports. */
enum {
  ZONECAST_UDP = 1 << 1,
  ZONECAST_TCP = 1 << 2,
  ZONECAST_TLS = 1 << 3,
  ZONECAST_WS = 1 << 4,
  ZONECAST_WSS = 1 << 5
};

typedef struct {
  zonecast_text did;
  zonecast_text customer;
  zonecast_text canonical; /* the domain that carries the attributes */
  size_t domains;          /* how many there are, for zonecast_member() */
  size_t attributes;       /* how many values, for zonecast_attribute() */
  const void* record;      /* the library's own */
} zonecast_virtual_domain;

typedef struct {
  zonecast_text name; /* as the table has it */
  zonecast_text did;
  zonecast_state state;
  zonecast_role role;
  unsigned transports; /* ZONECAST_UDP | ... by which clients can reach us */
  const void* record;  /* the library's own */
} zonecast_domain;

typedef enum {
  ZONECAST_INTEGER = 1,
  ZONECAST_STRING = 2,
  ZONECAST_BOOLEAN = 3,
  ZONECAST_DURATION = 4
} zonecast_type;

typedef struct {
  zonecast_text name;
  zonecast_type type;
  zonecast_text text; /* of a string */
  int64_t number;     /* of an integer; 0 or 1 of a boolean; seconds of a duration */
} zonecast_value;

typedef struct {
  size_t size;       /* sizeof(zonecast_options) */
  uint32_t max_age;  /* seconds after which data are too old; 0: never (default 0) */
  const char* owner; /* the user that the table must belong to; NULL: ourselves or root */
  const char*
      wanted; /* the mirror's socket for zonecast_wanted(); NULL: the table's path + ".wanted" */
} zonecast_options;

/* NULL when there is no table that can be trusted; `error` says why. Options may be NULL. */
zonecast_table* zonecast_open(const char* path, const zonecast_options* options, char* error,
                              size_t error_size);
void zonecast_close(zonecast_table* table);

/* Goes on to the newest state. False: what was read last stays, and zonecast_error() says why. */
bool zonecast_refresh(zonecast_table* table);
const char* zonecast_error(const zonecast_table* table); /* empty: nothing is wrong */

/* `domain` is filled when the answer is ZONECAST_HOSTED, and cleared otherwise. */
zonecast_answer zonecast_lookup(const zonecast_table* table, const char* host, size_t length,
                                zonecast_domain* domain);

/* The virtual domain of a domain that was found, or of a DID. False: there is none. */
bool zonecast_virtual_domain_of(const zonecast_table* table, const zonecast_domain* domain,
                                zonecast_virtual_domain* found);
bool zonecast_virtual_domain_find(const zonecast_table* table, const char* did, size_t length,
                                  zonecast_virtual_domain* found);

/* The k-th domain of a virtual domain, ascending; the k-th value of its attributes, ascending by
 * name. */
bool zonecast_member(const zonecast_table* table, const zonecast_virtual_domain* of, size_t k,
                     zonecast_text* domain);
bool zonecast_attribute(const zonecast_table* table, const zonecast_virtual_domain* of, size_t k,
                        zonecast_value* value);
/* The k-th value of the attribute with this name (without case). False: it has no more. */
bool zonecast_attribute_find(const zonecast_table* table, const zonecast_virtual_domain* of,
                             const char* name, size_t length, size_t k, zonecast_value* value);

typedef struct {
  uint64_t commit;     /* counts what the mirror has shown; never goes back, even when Redis does */
  uint64_t generation; /* of the table file */
  uint64_t term, version;
  char lineage[37];
  bool filled; /* false: nothing was published yet */
  int64_t age; /* seconds since the mirror last knew this to be the newest state; -1: never */
  uint64_t domains, virtual_domains, foreign;
} zonecast_status;
void zonecast_status_of(const zonecast_table* table, zonecast_status* status);

/* Tells the mirror of a domain that is unknown, so that its DNS is looked up. Never waits. False:
 * nobody listens, or the mirror is too busy; ask again another time. */
bool zonecast_wanted(zonecast_table* table, const char* host, size_t length);

#ifdef __cplusplus
}
#endif

#endif
