/*-------------------------------------------------------------------------
 *
 * world.h
 *	  The catalogs as a text leaves them: what is there, and what the
 *	  statements that were seen so far made of it.
 *
 * Nothing of this locks or opens a user's relation: it is read from the
 * catalogs at the first question about it and changed in memory only.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_WORLD_H
#define MIGRATE_WORLD_H

#include "migrate.h"

#include "access/attnum.h"
#include "nodes/parsenodes.h"
#include "parser/parse_node.h"
#include "storage/lock.h"

typedef struct MigWorld MigWorld;
typedef struct MigRel MigRel;

/* A type that the text made or altered. */
typedef struct MigType
{
	Oid			oid;			/* invalid: the text made it */
	char	   *schema;
	char	   *name;
	char		kind;			/* TYPTYPE_* */
	bool		dropped;
	Oid			base;			/* of a domain; invalid: own_base */
	int32		base_typmod;
	struct MigType *own_base;
	bool		constrained;	/* a domain, with a CHECK or NOT NULL */
	bool		not_null;
	int			made_in;		/* transaction that made it; 0: an old one */
	List	   *new_labels;		/* of an enum: char *, added by the text */
	List	   *new_labels_in;	/* ... transactions that added them, as ints */
	int			checks;			/* of a domain: its CHECKs */
	bool		default_set;	/* the text says what its default is */
	Node	   *raw_default;	/* ... NULL: none */
} MigType;

/* What a type's name in a statement means. */
typedef struct MigTypeRef
{
	Oid			oid;			/* invalid: own, or there is no such type */
	int32		typmod;
	Oid			collation;
	MigType    *own;			/* the text's, also of an old one it altered */
	bool		own_array;		/* ... an array of it */
	bool		serial;			/* one of the serial types; oid is the integer */
} MigTypeRef;

/* A function that the text made. */
typedef struct MigFunction
{
	char	   *schema;
	char	   *name;
	int			nargs;
	char		volatility;		/* PROVOLATILE_* */
	bool		replaced;		/* there was one of that name */
} MigFunction;

/* Something of an old relation that the text made, which calls a function. */
typedef struct MigCall
{
	char	   *function;		/* its name, without a schema */
	int			nargs;
	MigRel	   *rel;
	char	   *trigger;		/* its name; NULL: not a trigger */
	MigRel	   *index;			/* NULL: not an index */
	bool		in_partitions;	/* a trigger that each partition has too */
} MigCall;

typedef struct MigColumn
{
	char	   *name;
	AttrNumber	number;			/* new ones go on from the last */
	MigTypeRef	type;
	bool		old;			/* was there before the text */
	bool		dropped;
	bool		not_null;		/* as attnotnull: in 18 also while that is not
								 * valid */
	bool		has_default;	/* and is not a generated one */
	bool		inherited;
	bool		local;			/* also declared where it is inherited */
	char		identity;		/* as in pg_attribute; '\0': none */
	char		generated;
	char		storage;		/* TYPSTORAGE_*; '\0': not known */
	char		compression;
} MigColumn;

/* Where a type is used: mig_type_tables() */
typedef struct MigTypeUse
{
	MigRel	   *rel;
	MigColumn  *column;
} MigTypeUse;

typedef struct MigConstraint
{
	MigRel	   *rel;
	Oid			oid;			/* invalid: the text made it */
	char	   *name;			/* NULL: the server will choose one */
	char		kind;			/* CONSTRAINT_*: 'c', 'f', 'n', 'p', 'u', 'x' */
	bool		dropped;
	bool		valid;
	bool		enforced;
	bool		deferrable;
	bool		deferred;
	bool		no_inherit;
	bool		inherited;
	int			made_in;		/* transaction that added it; 0: an old one */
	int			validated_in;	/* ... that validated it; 0: an old one */
	List	   *columns;		/* of AttrNumbers, as ints */
	Oid			target_oid;		/* FOREIGN KEY: what it references */
	MigRel	   *target;			/* the same, once asked for or made here:
								 * mig_constraint_target() */
	List	   *target_columns;
	MigRel	   *index;			/* made here; mig_constraint_index(): its own,
								 * or the one that a FOREIGN KEY references */
	Oid			index_oid;
	Node	   *expr;			/* CHECK: cooked, Vars of relation 1 with the
								 * column's numbers; NULL: could not be had */
} MigConstraint;

struct MigRel
{
	MigWorld   *world;
	Oid			oid;			/* invalid: the text made it */
	char	   *schema;
	char	   *name;
	char		kind;			/* RELKIND_* */
	char		persistence;	/* RELPERSISTENCE_* */
	bool		old;			/* was there before the text */
	bool		dropped;
	int			made_in;		/* transaction that made it; 0: an old one */
	Oid			type;			/* its row type; invalid: made here */
	Oid			owner;
	Oid			am;
	Oid			tablespace;		/* 0: the database's */
	Oid			toast;			/* its TOAST table; invalid: none */
	bool		is_partition;
	bool		row_security;
	bool		has_subclass;	/* had some when it was read */
	bool		populated;		/* of a matview */
	bool		filled;			/* the text put rows into it, or may have */
	int			queries;		/* of a view: how often the text replaced it */
	Node	   *query;			/* raw, of a view or matview: as the text has
								 * it */
	double		tuples;			/* estimate; -1: not known */
	int64		bytes;			/* of the relation and its TOAST, without
								 * indexes; -1: not known */

	/*
	 * of an index; table and key also of a sequence that the text made and a
	 * column owns
	 */
	MigRel	   *table;			/* mig_index_table() */
	Oid			table_oid;
	List	   *key;			/* AttrNumbers as ints, 0 for expressions; not
								 * what is only included */
	bool		unique;
	bool		primary;
	bool		exclusion;
	bool		valid;
	bool		partial;
	bool		plain;			/* immediate, btree, no expression, default
								 * order: fit for a constraint */

	/*
	 * Read at the first question: ask through the functions below, which
	 * leave out what is dropped.
	 */
	List	   *columns;		/* of MigColumn * */
	bool		columns_read;
	List	   *constraints;	/* of MigConstraint * */
	bool		constraints_read;
	List	   *references;		/* of MigConstraint *: FOREIGN KEYs to it */
	bool		references_read;
	List	   *indexes;		/* of MigRel * */
	bool		indexes_read;
	List	   *children;		/* of MigRel *: inheriting, partitions; of a
								 * partitioned index its partitions' */
	bool		children_read;
	List	   *parents;		/* of MigRel * */
	bool		parents_read;
	Oid			default_partition;	/* invalid: none, or default_rel */
	MigRel	   *default_rel;	/* ... that the text made */
	int			strategy;		/* of a partitioned table: 'l', 'r', 'h' */
	List	   *partition_key;	/* AttrNumbers as ints, 0 for expressions */

	bool		incomplete;		/* the text made it, of a query that does not
								 * tell all of its columns */

	/* for world*.c alone */
	bool		no_pages;		/* its file is empty */
	List	   *mentions;		/* of an index that the text made: AttrNumbers
								 * of the table beyond its key */
	int			types_seen;		/* world->type_changes, as its columns have it */
	List	   *sequences;		/* of MigRel *: owned, or of an identity */
	bool		sequences_read;
	List	   *uses;			/* by views that the text made */
};

struct MigWorld
{
	MemoryContext context;		/* of all that is reachable from here */
	HTAB	   *by_oid;			/* old relations that were asked for */
	HTAB	   *by_name;		/* schema and name, of what the text made,
								 * renamed or dropped */
	List	   *types;			/* of MigType * */
	List	   *functions;		/* of MigFunction * */
	List	   *calls;			/* of MigCall * */
	List	   *schemas;		/* char *: made by the text */
	bool		search_path_set;	/* by the text */
	List	   *search_path;	/* char *: as the text set it */
	int			transaction;	/* number of the one that is open, from 1 */
	int			statement;		/* number of the last one seen, from 1 */
	bool		lock_timeout_set;	/* by the text */
	int			lock_timeout;	/* ms, in force for the next statement */
	bool		statement_timeout_set;
	int			statement_timeout;
	char	   *timezone;		/* as the text set it; NULL: the session's */
	/* settings as they will be after the open transaction's SET LOCAL */
	struct MigSettings *after_local;
	bool		opaque;			/* something was done whose outcome cannot be
								 * seen: DO, CALL, EXECUTE, an extension ... */

	/* for world*.c alone */
	HTAB	   *schemas_by_name;	/* that are not as in the catalogs */
	HTAB	   *schemas_by_oid;
	HTAB	   *types_by_name;
	HTAB	   *types_by_oid;
	HTAB	   *functions_by_name;
	HTAB	   *constraint_names;	/* of those that the text made */
	HTAB	   *numbers;		/* int: numbers given to names that were taken */
	int			type_changes;	/* old types that were altered */
	List	   *added_uses;		/* of MigTypeUse *, by what the text added */
	List	   *path;			/* char *: what is searched, in its order */
	char	   *creation_schema;	/* the first of these that was asked for */
	bool		path_known;
};

/*
 * world.c, world_rel.c
 *
 * mig_world_create() makes one in the current memory context, as the session
 * sees the catalogs; it, and all that is in it, is freed with that context.
 * All of these need a transaction and a snapshot that sees the catalogs.
 */
extern MigWorld *mig_world_create(void);

/* names that are tried one by one before that */
#define MIG_FEW_NAMES 100
extern int *mig_world_last_number(MigWorld *world, const char *schema, const char *name);

/* what a SET search_path TO that list would do */
extern void mig_world_search_path(MigWorld *world, List *names);

/* NULL: there is none of that name, or it has been dropped */
extern MigRel *mig_world_find(MigWorld *world, const RangeVar *name);
extern MigRel *mig_world_find_index(MigWorld *world, const RangeVar *name);
extern MigRel *mig_world_find_list(MigWorld *world, List *names);

/* one of an OID, also if it has been dropped since; NULL: there is none */
extern MigRel *mig_world_rel(MigWorld *world, Oid oid);

/* where a new relation or type of that name would be made; its schema */
extern char *mig_world_creation_schema(MigWorld *world, const char *schema,
									   char persistence);
extern bool mig_world_resolve_type(MigWorld *world, const TypeName *name,
								   MigTypeRef *ref);

/* NULL also for an old one that the text did not alter */
extern MigType *mig_world_find_type(MigWorld *world, List *names);

/* the name that an old schema has; NULL: there is none */
extern const char *mig_world_schema_of(MigWorld *world, Oid oid, bool *dropped);

/* relations of a schema that the text made, moved there or renamed */
extern List *mig_world_names_in(MigWorld *world, const char *schema);
extern bool mig_world_schema_exists(MigWorld *world, const char *name);

/* the text's function of that name, or NULL */
extern MigFunction *mig_world_find_function(MigWorld *world, List *names);

/* what calls a function, of MigCall *; nargs -1: however many */
extern List *mig_world_calls(MigWorld *world, List *names, int nargs);

/* the text's trigger of that name, or NULL */
extern MigCall *mig_rel_new_trigger(MigRel *rel, const char *name);

/* Lists are new, in the current memory context, without what is dropped. */
extern List *mig_rel_columns(MigRel *rel);
extern MigColumn *mig_rel_column(MigRel *rel, const char *name);
extern MigColumn *mig_rel_column_at(MigRel *rel, AttrNumber number);
extern bool mig_column_goes_with(MigRel *rel, MigColumn *column, MigRel *parent);
extern List *mig_rel_constraints(MigRel *rel);
extern MigConstraint *mig_rel_constraint(MigRel *rel, const char *name);
extern List *mig_rel_references(MigRel *rel);
extern List *mig_rel_indexes(MigRel *rel);
extern List *mig_rel_children(MigRel *rel);
extern List *mig_rel_parents(MigRel *rel);
extern List *mig_rel_tree(MigRel *rel); /* itself first, then all below */
extern MigRel *mig_rel_default_partition(MigRel *rel);
extern List *mig_rel_sequences(MigRel *rel);	/* owned or identity's */
extern List *mig_rel_views(MigRel *rel, AttrNumber column); /* 0: of any */
extern MigRel *mig_rel_toast(MigRel *rel);
extern MigRel *mig_constraint_target(MigConstraint *constraint);

/* does a FOREIGN KEY to a relation, or to a parent of it, need the column? */
extern bool mig_constraint_references(MigConstraint *constraint, MigColumn *column);
extern MigRel *mig_constraint_index(MigConstraint *constraint);
extern MigRel *mig_index_table(MigRel *index);

/* of MigTypeUse *: columns of the type, an array of it, or a domain over it */
extern List *mig_type_tables(MigWorld *world, Oid type);

/* is it known that there is no row in it */
extern bool mig_rel_is_empty(MigRel *rel);
extern char *mig_rel_label(const MigRel *rel);	/* quoted, with its schema
												 * unless that is searched */

/*
 * A ParseState in which the columns of a relation can be named, alone or with
 * the relation's name; what it makes has Vars of relation 1.  rel may be NULL.
 */
extern ParseState *mig_rel_parse_state(MigWorld *world, MigRel *rel,
									   const char *source);

/* what may be columns in a raw expression or query: char * */
extern List *mig_raw_names(Node *raw, bool *star);

/* cooked, or NULL if it cannot be understood; raises nothing */
extern Node *mig_rel_cook_check(MigRel *rel, Node *raw, const char *source);

/*
 * What may raise an error, in a subtransaction that is rolled back in any
 * case: what it leaves in the current memory context is all that stays.
 * False: it raised one; *error (which may be NULL) is a copy of it.  A cancel
 * is raised again.
 */
extern bool mig_try(void (*what) (void *), void *arg, ErrorData **error);

/*
 * world_apply.c
 *
 * mig_world_apply() has a statement be done: what it would make, alter and drop.  What
 * would fail changes nothing and raises nothing.  mig_world_end_transaction()
 * is a COMMIT (or the end of a step).
 */
extern void mig_world_apply(MigWorld *world, const MigStatement *stmt);
extern void mig_world_end_transaction(MigWorld *world);

#endif							/* MIGRATE_WORLD_H */
