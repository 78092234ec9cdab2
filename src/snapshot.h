/*-------------------------------------------------------------------------
 *
 * snapshot.h
 *	  What a database consists of, as rows that can be kept and compared.
 *
 * A row is one component of one object.  Its hash depends on nothing but what
 * the component is: not on OIDs, column numbers or settings.  What a server
 * words in its own way has the component "text", and a hash that tells the
 * server's major version; of two versions it is not compared.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_SNAPSHOT_H
#define MIGRATE_SNAPSHOT_H

#include "common/cryptohash.h"
#include "fmgr.h"
#include "nodes/parsenodes.h"
#include "storage/itemptr.h"
#include "utils/acl.h"
#include "utils/hsearch.h"

/* In the order of their names. */
typedef enum MigComponent
{
	MIG_COLUMNS,				/* of a view */
	MIG_COMMENT,
	MIG_DEFAULT,
	MIG_DEFINITION,
	MIG_LABEL,
	MIG_OWNER,
	MIG_POSITION,				/* of a column among those of its relation */
	MIG_PRIVILEGES,
	MIG_STORAGE,
	MIG_TEXT,					/* as the server words it */
	MIG_VERSION					/* of an extension */
} MigComponent;

#define MIG_NCOMPONENTS (MIG_VERSION + 1)

/* A set of components. */
#define MIG_COMPONENT_BIT(component) (1 << (component))

/* What has a lower OID is the server's own. */
#define MIG_FIRST_OF_USERS 16384

#define MIG_SNAPSHOT_HASH 16	/* bytes */

typedef struct MigSnapshotRow
{
	const char *kind;
	const char *identity;
	const char *definition;		/* NULL: only its hash is known */
	const char *whole;			/* ... then, what it is a part of, or NULL */
	MigComponent component;
	int			major;			/* whose wording it is; 0: all have the same */
	uint8		hash[MIG_SNAPSHOT_HASH];
	ItemPointerData place;		/* where it is stored, if it is */
} MigSnapshotRow;

typedef struct MigSnapshot
{
	MigSnapshotRow *rows;		/* by kind, identity, component, bytewise */
	int			nrows;
	int			allocated;
	int			without;		/* components that were left out */
	int			major;			/* version of its server; 0: as its rows say */
	MemoryContext context;
} MigSnapshot;

typedef struct MigSnapshotCatalogs MigSnapshotCatalogs;

/* A snapshot being taken. */
typedef struct MigTaking
{
	MigSnapshot *snapshot;
	MemoryContext scratch;		/* of what is being looked at */
	pg_cryptohash_ctx *hash;
	HTAB	   *texts;			/* short ones, of which many are the same */
	HTAB	   *uses;			/* what rules use */
	const char *kind;			/* the last one, in the snapshot's memory */
	MigSnapshotCatalogs *catalogs;
	/* OIDs of what statements have to tell of */
	List	   *tables;
	List	   *views;
	List	   *types;
	List	   *constraints;
	List	   *not_nulls;
	struct MigSnapshotKey *keys;	/* by the OIDs of their indexes */
	int			nkeys;
	struct MigSnapshotRelation *relations;	/* what has columns, by OID */
	int			nrelations;
	List	   *optioned;		/* OIDs of what else has columns with options */
} MigTaking;

typedef enum MigChange
{
	MIG_ADDED,					/* the object was not there at all */
	MIG_DROPPED,
	MIG_CHANGED,				/* this component of it; one side may be none */
	MIG_NOT_COMPARABLE			/* worded by servers of two major versions */
} MigChange;

typedef struct MigDifference
{
	MigChange	change;
	const MigSnapshotRow *before;	/* or NULL */
	const MigSnapshotRow *after;	/* or NULL */
	const char *part_of;		/* identity of what was added or dropped with
								 * it as its part, or NULL */
} MigDifference;

/* snapshot.c */
extern MigSnapshot *mig_snapshot_take(int without);
extern void mig_pin_wording(void);

/* snapshot_stamp.c */
extern uint64 mig_snapshot_stamp(void);

/* snapshot_rows.c */
extern MigSnapshot *mig_snapshot_new(int without);
extern MigSnapshotRow *mig_snapshot_add(MigSnapshot *snapshot, const char *kind,
										const char *identity, MigComponent component);
extern void mig_snapshot_begin(MigTaking *taking, MigSnapshot *snapshot);
extern void mig_snapshot_end(MigTaking *taking);
extern void mig_snapshot_put(MigTaking *taking, const char *kind, const char *identity,
							 MigComponent component, const char *text);
extern bool mig_snapshot_wants(const MigTaking *taking, MigComponent component);
extern int	mig_snapshot_row_cmp(const MigSnapshotRow *a, const MigSnapshotRow *b);
extern void mig_snapshot_sort(MigSnapshot *snapshot);
extern const char *mig_component_name(MigComponent component);
extern bool mig_component_of(const char *name, MigComponent *component);
extern char *mig_snapshot_hash_text(const MigSnapshotRow *row);
extern bool mig_snapshot_set_hash(MigSnapshotRow *row, const char *text);
extern void mig_snapshot_set_place(MigSnapshotRow *row, int place);
extern const char *mig_change_name(MigChange change);
extern char *mig_qualified_name(const char *p);
extern char *mig_snapshot_whole(const MigSnapshotRow *row);
extern char *mig_snapshot_part_name(const MigSnapshotRow *row);
extern MigDifference *mig_snapshot_compare(const MigSnapshot *before,
										   const MigSnapshot *after, int *n);

/* snapshot_sql.c */
extern int	mig_without_argument(FunctionCallInfo fcinfo, int n);
#define MIG_DIFFERENCE_VALUES 7

extern void mig_difference_values(const MigDifference *difference, Datum *values, bool *nulls);

/* snapshot_catalogs.c */
typedef struct MigSnapshotSchema
{
	Oid			oid;
	Oid			owner;
	char	   *name;			/* quoted */
	Acl		   *acl;			/* or NULL */
} MigSnapshotSchema;

/* A relation that is not the server's. */
typedef struct MigSnapshotClass
{
	Oid			oid;
	char		kind;
	ArrayType  *options;		/* or NULL */
	bool		own;			/* neither an extension's nor temporary */
	/* only of what is in a schema of this database's and not temporary */
	char		persistence;
	char		replica_identity;
	bool		partition;
	bool		inherits;
	bool		depends;		/* ... on an extension that it is not of */
	bool		row_security;
	bool		force_row_security;
	bool		listed;			/* a statement tells of it */
	int			nattributes;
	Oid			owner;
	Oid			method;
	Oid			of_type;
	Oid			tablespace;
	Oid			toast;
	char	   *raw;			/* its name */
	char	   *name;			/* quoted */
	const char *schema;			/* quoted */
	char	   *identity;		/* once mig_snapshot_identity() was called */
	Acl		   *acl;			/* or NULL */
} MigSnapshotClass;

extern void mig_snapshot_read_catalogs(MigTaking *taking);
extern bool mig_snapshot_is_member(const MigTaking *taking, Oid catalog, Oid object);
extern const MigSnapshotSchema *mig_snapshot_schema(const MigTaking *taking, Oid oid);
extern const MigSnapshotSchema *mig_snapshot_schemas(const MigTaking *taking, int *n);
extern MigSnapshotClass *mig_snapshot_class(const MigTaking *taking, Oid oid);
extern MigSnapshotClass *mig_snapshot_classes(const MigTaking *taking, int *n);
extern const char *mig_snapshot_identity(const MigTaking *taking, MigSnapshotClass *class);
extern const char *mig_snapshot_comment(const MigTaking *taking, Oid catalog, Oid object,
										int number);
extern void mig_snapshot_put_owner(MigTaking *taking, const char *kind, const char *identity,
								   Oid owner);
extern void mig_snapshot_put_privileges(MigTaking *taking, const char *kind,
										const char *identity, ObjectType type, Oid owner,
										const Acl *acl);
extern Datum mig_snapshot_oids(const List *oids);

/* snapshot_relations.c */
extern void mig_snapshot_relations(MigTaking *taking);
extern void mig_snapshot_put_view(MigTaking *taking, Oid oid, Oid rule);

/* snapshot_constraints.c */

/* A constraint that an index is of. */
typedef struct MigSnapshotKey
{
	Oid			index;
	Oid			relation;
	Oid			oid;
	char	   *name;			/* quoted */
	bool		told;			/* with the index */
	bool		primary;
	bool		deferrable;
	bool		deferred;
} MigSnapshotKey;

extern const MigSnapshotKey *mig_snapshot_key(const MigTaking *taking, Oid index, Oid relation);
extern void mig_snapshot_constraints(MigTaking *taking);

/* snapshot_columns.c */
typedef struct MigSnapshotAttribute
{
	char	   *raw;			/* its name, unquoted; NULL: dropped */
	Oid			type;
	Oid			collation;
} MigSnapshotAttribute;

typedef struct MigSnapshotRelation
{
	Oid			oid;
	const char *identity;
	char		kind;
	bool		partition;
	Oid			owner;
	MigSnapshotAttribute *attributes;	/* by number, from 1 */
	int			nattributes;
} MigSnapshotRelation;

extern void mig_snapshot_columns(MigTaking *taking);
extern const MigSnapshotRelation *mig_snapshot_relation(const MigTaking *taking, Oid oid);

/* snapshot_uses.c */
extern void mig_snapshot_find_uses(MigTaking *taking);
extern const char *mig_snapshot_uses(const MigTaking *taking, Oid rule);

/* snapshot_indexes.c */
extern void mig_snapshot_take_indexes(MigTaking *taking);

/* snapshot_text.c */
extern char *mig_settled_text(char *text);
extern char *mig_privileges_text(ObjectType type, bool has_default, Oid owner, const Acl *acl);

/* snapshot_queries.c */
typedef struct MigSnapshotQuery
{
	const char *kind;
	ObjectType	acl;			/* whose privileges it has, if any */
	Oid			catalog;		/* needed only if users have made something in */
	Oid			index;			/* ... this one, by its OIDs; none: of those that
								 * were noted, which are its parameter */
	const char *sql;
} MigSnapshotQuery;

extern const MigSnapshotQuery mig_snapshot_queries[];	/* sql NULL: the end */
extern const char *const mig_snapshot_indexes;

#endif							/* MIGRATE_SNAPSHOT_H */
