/*-------------------------------------------------------------------------
 *
 * world.c
 *	  The catalogs as a text leaves them: names, and what they mean.
 *
 * Owns the world itself, its schemas and search path, and how names of
 * relations, types and functions are looked up: what the text did to a name
 * comes first, then the catalogs.  A role that may not use a schema is no
 * error here.
 *
 * Needs a transaction; takes no lock but those of catalog lookups.
 *
 *-------------------------------------------------------------------------
 */
#include "world_internal.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "parser/parse_type.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/typcache.h"
#include "utils/varlena.h"

#include "compat.h"

typedef struct SchemaByName
{
	char		name[NAMEDATALEN];
	Oid			oid;			/* in the catalogs; invalid: the text made it */
	bool		exists;
} SchemaByName;

typedef struct SchemaByOid
{
	Oid			oid;
	char		name[NAMEDATALEN];
	bool		dropped;
} SchemaByOid;

typedef struct NameKey
{
	char		schema[NAMEDATALEN];
	char		name[NAMEDATALEN];
} NameKey;

/* What a name means since the text used it; NULL: nothing. */
typedef struct NameEntry
{
	NameKey		key;
	void	   *object;
} NameEntry;

typedef struct TypeEntry
{
	Oid			oid;
	MigType    *type;
} TypeEntry;

/* Arguments of the calls that may raise an error. */
typedef struct TypmodCall
{
	TypeName   *name;
	int32		typmod;
} TypmodCall;

typedef struct ConstrainedCall
{
	Oid			type;
	bool		result;
} ConstrainedCall;

bool
mig_try(void (*what) (void *), void *arg, ErrorData **error)
{
	ErrorData  *raised = mig_subtransaction(what, arg, false);

	if (error != NULL)
		*error = NULL;
	if (raised == NULL)
		return true;
	/* not the fault of what was tried */
	if (ERRCODE_TO_CATEGORY(raised->sqlerrcode) ==
		ERRCODE_TO_CATEGORY(ERRCODE_OPERATOR_INTERVENTION) ||
		ERRCODE_TO_CATEGORY(raised->sqlerrcode) ==
		ERRCODE_TO_CATEGORY(ERRCODE_INSUFFICIENT_RESOURCES))
		ReThrowError(raised);
	if (error != NULL)
		*error = raised;
	else
		FreeErrorData(raised);
	return false;
}

static HTAB *
make_table(MigWorld *world, const char *name, Size key, Size entry, int flags)
{
	HASHCTL		ctl = {0};

	ctl.keysize = key;
	ctl.entrysize = entry;
	ctl.hcxt = world->context;
	return hash_create(name, 64, &ctl, HASH_ELEM | HASH_CONTEXT | flags);
}

MigWorld *
mig_world_create(void)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "migrate world",
												  ALLOCSET_DEFAULT_SIZES);
	MigWorld   *world = MemoryContextAllocZero(context, sizeof(MigWorld));

	world->context = context;
	/* each entry is an OID and a pointer */
	world->by_oid = make_table(world, "relations by OID", sizeof(Oid),
							   sizeof(TypeEntry), HASH_BLOBS);
	world->by_name = make_table(world, "relations by name", sizeof(NameKey),
								sizeof(NameEntry), HASH_BLOBS);
	world->types_by_oid = make_table(world, "types by OID", sizeof(Oid),
									 sizeof(TypeEntry), HASH_BLOBS);
	world->types_by_name = make_table(world, "types by name", sizeof(NameKey),
									  sizeof(NameEntry), HASH_BLOBS);
	world->functions_by_name = make_table(world, "functions by name",
										  sizeof(NameKey), sizeof(NameEntry),
										  HASH_BLOBS);
	world->constraint_names = make_table(world, "constraints by name",
										 sizeof(NameKey), sizeof(NameEntry),
										 HASH_BLOBS);
	world->numbers = make_table(world, "numbers of names", sizeof(NameKey),
								sizeof(NameEntry), HASH_BLOBS);
	world->schemas_by_name = make_table(world, "schemas by name", NAMEDATALEN,
										sizeof(SchemaByName), HASH_STRINGS);
	world->schemas_by_oid = make_table(world, "schemas by OID", sizeof(Oid),
									   sizeof(SchemaByOid), HASH_BLOBS);
	world->transaction = 1;
	return world;
}

static void
fill_key(NameKey *key, const char *schema, const char *name)
{
	memset(key, 0, sizeof(NameKey));
	strlcpy(key->schema, schema, NAMEDATALEN);
	strlcpy(key->name, name, NAMEDATALEN);
}

/* What the text made of a name; false: it did nothing to it. */
static bool
find_name(HTAB *table, const char *schema, const char *name, void **object)
{
	NameKey		key;
	NameEntry  *entry;

	fill_key(&key, schema, name);
	entry = hash_search(table, &key, HASH_FIND, NULL);
	if (entry == NULL)
		return false;
	*object = entry->object;
	return true;
}

static void
set_name(HTAB *table, const char *schema, const char *name, void *object)
{
	NameKey		key;
	NameEntry  *entry;

	fill_key(&key, schema, name);
	entry = hash_search(table, &key, HASH_ENTER, NULL);
	entry->object = object;
}

/*
 * mig_world_set_name
 *		From now on the name is that of rel, or of nothing.
 */
void
mig_world_set_name(MigWorld *world, const char *schema, const char *name,
				   MigRel *rel)
{
	set_name(world->by_name, schema, name, rel);
}

void
mig_world_set_type_name(MigWorld *world, const char *schema, const char *name,
						MigType *type)
{
	set_name(world->types_by_name, schema, name, type);
}

void
mig_world_set_function(MigWorld *world, const char *schema, const char *name,
					   MigFunction *function)
{
	set_name(world->functions_by_name, schema, name, function);
}

/* mig_world_named_constraint: one that the text made or renamed */
MigConstraint *
mig_world_named_constraint(MigWorld *world, const char *schema, const char *name)
{
	void	   *object;

	return find_name(world->constraint_names, schema, name, &object) ? object : NULL;
}

void
mig_world_set_constraint_name(MigWorld *world, const char *schema,
							  const char *name, MigConstraint *constraint)
{
	set_name(world->constraint_names, schema, name, constraint);
}

/*
 * mig_world_last_number
 *		The number that was last tried to make a name a free one, to go on from
 *		there: it keeps thousands of objects without a name from trying all
 *		those before them.  0 until there are many, as names may become free.
 */
int *
mig_world_last_number(MigWorld *world, const char *schema, const char *name)
{
	void	   *object;

	if (!find_name(world->numbers, schema, name, &object))
	{
		object = MemoryContextAllocZero(world->context, sizeof(int));
		set_name(world->numbers, schema, name, object);
	}
	return object;
}

/* mig_world_names_in: relations of a schema that the text made or named anew */
List *
mig_world_names_in(MigWorld *world, const char *schema)
{
	HASH_SEQ_STATUS scan;
	NameEntry  *entry;
	List	   *result = NIL;

	hash_seq_init(&scan, world->by_name);
	while ((entry = hash_seq_search(&scan)) != NULL)
	{
		if (entry->object != NULL && strcmp(entry->key.schema, schema) == 0)
			result = lappend(result, entry->object);
	}
	return result;
}

static Oid
temp_schema(void)
{
	Oid			temp;
	Oid			toast;

	GetTempNamespaceState(&temp, &toast);
	return temp;
}

/*
 * mig_world_schema
 *		Is there a schema of that name?  Its OID is invalid if the text made it,
 *		or if it is the one of temporary relations and not yet there.
 */
bool
mig_world_schema(MigWorld *world, const char *name, Oid *oid)
{
	SchemaByName *entry;

	*oid = InvalidOid;
	if (strcmp(name, TEMP_SCHEMA) == 0)
	{
		*oid = temp_schema();
		return true;
	}
	entry = hash_search(world->schemas_by_name, name, HASH_FIND, NULL);
	if (entry != NULL)
	{
		*oid = entry->oid;
		return entry->exists;
	}
	*oid = get_namespace_oid(name, true);
	return OidIsValid(*oid);
}

bool
mig_world_schema_exists(MigWorld *world, const char *name)
{
	Oid			oid;

	return mig_world_schema(world, name, &oid);
}

/* mig_world_schema_of: the name of an old schema, as the text left it */
const char *
mig_world_schema_of(MigWorld *world, Oid oid, bool *dropped)
{
	SchemaByOid *entry;

	*dropped = false;
	if (OidIsValid(oid) && oid == temp_schema())
		return TEMP_SCHEMA;
	entry = hash_search(world->schemas_by_oid, &oid, HASH_FIND, NULL);
	if (entry != NULL)
	{
		*dropped = entry->dropped;
		return entry->name;
	}
	return get_namespace_name(oid);
}

/* mig_world_set_schema: what a schema's name means from now on */
void
mig_world_set_schema(MigWorld *world, const char *name, Oid oid, bool exists)
{
	SchemaByName *entry = hash_search(world->schemas_by_name, name, HASH_ENTER, NULL);

	entry->oid = oid;
	entry->exists = exists;
	world->path_known = false;
}

/* mig_world_move_schema: an old schema's new name; NULL: it is dropped */
void
mig_world_move_schema(MigWorld *world, Oid oid, const char *name)
{
	SchemaByOid *entry = hash_search(world->schemas_by_oid, &oid, HASH_ENTER, NULL);

	entry->dropped = name == NULL;
	if (name != NULL)
		strlcpy(entry->name, name, NAMEDATALEN);
	else
	{
		char	   *old = get_namespace_name(oid);

		strlcpy(entry->name, old != NULL ? old : "", NAMEDATALEN);
	}
	world->path_known = false;
}

/* What the search path of the text, or of the session, says. */
static List *
path_elements(MigWorld *world)
{
	List	   *names = NIL;

	if (world->search_path_set)
		return world->search_path;
	/* in a list of GUC_LIST_QUOTE a mistake is not to be expected */
	if (!SplitIdentifierString(pstrdup(namespace_search_path), ',', &names))
		return NIL;
	return names;
}

/* names: of char * */
void
mig_world_search_path(MigWorld *world, List *names)
{
	MemoryContext context = MemoryContextSwitchTo(world->context);
	ListCell   *lc;

	world->search_path = NIL;
	foreach(lc, names)
		world->search_path = lappend(world->search_path, pstrdup(lfirst(lc)));
	world->search_path_set = true;
	world->path_known = false;
	MemoryContextSwitchTo(context);
}

/*
 * mig_world_path
 *		The schemas that are searched, in their order, those that the server
 *		puts in front included.
 */
List *
mig_world_path(MigWorld *world)
{
	MemoryContext context;
	List	   *path = NIL;
	bool		has_temp = false;
	bool		has_catalog = false;
	ListCell   *lc;

	if (world->path_known)
		return world->path;
	context = MemoryContextSwitchTo(world->context);
	world->creation_schema = NULL;
	foreach(lc, path_elements(world))
	{
		char	   *name = lfirst(lc);
		Oid			oid;

		if (strcmp(name, "$user") == 0)
			name = GetUserNameFromId(GetUserId(), true);
		if (name == NULL || !mig_world_schema(world, name, &oid))
			continue;
		if (strcmp(name, TEMP_SCHEMA) == 0)
			has_temp = true;
		else if (OidIsValid(oid) &&
				 mig_namespace_aclcheck(oid, GetUserId(), ACL_USAGE) != ACLCHECK_OK)
			continue;
		if (strcmp(name, "pg_catalog") == 0)
			has_catalog = true;
		name = pstrdup(name);
		if (world->creation_schema == NULL)
			world->creation_schema = name;
		path = lappend(path, name);
	}
	if (!has_catalog)
		path = lcons(pstrdup("pg_catalog"), path);
	if (!has_temp)
		path = lcons(pstrdup(TEMP_SCHEMA), path);
	MemoryContextSwitchTo(context);
	world->path = path;
	world->path_known = true;
	return path;
}

char *
mig_world_creation_schema(MigWorld *world, const char *schema, char persistence)
{
	if (persistence == RELPERSISTENCE_TEMP)
		return pstrdup(TEMP_SCHEMA);
	if (schema != NULL)
		return pstrdup(schema);
	(void) mig_world_path(world);
	return world->creation_schema != NULL ? pstrdup(world->creation_schema) : NULL;
}

/* mig_world_find_in: of one schema */
MigRel *
mig_world_find_in(MigWorld *world, const char *schema, const char *name)
{
	void	   *object;
	Oid			namespace;
	Oid			oid;
	MigRel	   *rel;

	if (find_name(world->by_name, schema, name, &object))
		return object;
	if (!mig_world_schema(world, schema, &namespace) || !OidIsValid(namespace))
		return NULL;
	oid = get_relname_relid(name, namespace);
	if (!OidIsValid(oid))
		return NULL;
	rel = mig_world_rel(world, oid);
	return rel != NULL && !rel->dropped ? rel : NULL;
}

MigRel *
mig_world_find(MigWorld *world, const RangeVar *name)
{
	ListCell   *lc;

	if (name->schemaname != NULL)
		return mig_world_find_in(world, name->schemaname, name->relname);
	if (name->relpersistence == RELPERSISTENCE_TEMP)
		return mig_world_find_in(world, TEMP_SCHEMA, name->relname);
	foreach(lc, mig_world_path(world))
	{
		MigRel	   *rel = mig_world_find_in(world, lfirst(lc), name->relname);

		if (rel != NULL)
			return rel;
	}
	return NULL;
}

MigRel *
mig_world_find_index(MigWorld *world, const RangeVar *name)
{
	MigRel	   *rel = mig_world_find(world, name);

	if (rel != NULL && rel->kind != RELKIND_INDEX &&
		rel->kind != RELKIND_PARTITIONED_INDEX)
		return NULL;
	return rel;
}

/* mig_world_split: [[database.]schema.]name; false: it is no such list */
bool
mig_world_split(List *names, char **schema, char **name)
{
	int			n = list_length(names);

	*schema = NULL;
	if (n < 1 || n > 3)
		return false;
	*name = strVal(list_nth(names, n - 1));
	if (n > 1)
		*schema = strVal(list_nth(names, n - 2));
	return true;
}

MigRel *
mig_world_find_list(MigWorld *world, List *names)
{
	RangeVar	name = {0};

	name.type = T_RangeVar;
	name.relpersistence = RELPERSISTENCE_PERMANENT;
	if (!mig_world_split(names, &name.schemaname, &name.relname))
		return NULL;
	return mig_world_find(world, &name);
}

static void
ask_constrained(void *arg)
{
	ConstrainedCall *call = arg;

	call->result = DomainHasConstraints(call->type);
}

static int
count_checks(Oid domain)
{
	Relation	catalog = table_open(ConstraintRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	int			n = 0;

	ScanKeyInit(&key, Anum_pg_constraint_contypid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(domain));
	scan = systable_beginscan(catalog, ConstraintTypidIndexId, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		if (((Form_pg_constraint) GETSTRUCT(tuple))->contype == CONSTRAINT_CHECK)
			n++;
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return n;
}

/*
 * mig_world_type
 *		What the text knows of an old type; NULL: it did not alter it, unless it
 *		is about to.
 */
MigType *
mig_world_type(MigWorld *world, Oid oid, bool change)
{
	TypeEntry  *entry = hash_search(world->types_by_oid, &oid, HASH_FIND, NULL);
	HeapTuple	tuple;
	Form_pg_type form;
	MemoryContext context;
	MigType    *type;
	const char *schema;
	bool		dropped;

	if (entry != NULL)
		return entry->type;
	if (!change)
		return NULL;
	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(oid));
	if (!HeapTupleIsValid(tuple))
		return NULL;
	form = (Form_pg_type) GETSTRUCT(tuple);
	schema = mig_world_schema_of(world, form->typnamespace, &dropped);
	context = MemoryContextSwitchTo(world->context);
	type = palloc0(sizeof(MigType));
	type->oid = oid;
	type->schema = pstrdup(schema != NULL ? schema : "");
	type->name = pstrdup(NameStr(form->typname));
	type->kind = form->typtype;
	type->base = form->typbasetype;
	type->base_typmod = form->typtypmod;
	type->not_null = form->typnotnull;
	type->dropped = dropped;
	world->types = lappend(world->types, type);
	MemoryContextSwitchTo(context);
	ReleaseSysCache(tuple);
	if (type->kind == TYPTYPE_DOMAIN)
	{
		ConstrainedCall call = {oid, false};

		type->checks = count_checks(oid);

		type->constrained = !mig_try(ask_constrained, &call, NULL) || call.result;
	}
	entry = hash_search(world->types_by_oid, &oid, HASH_ENTER, NULL);
	entry->type = type;
	world->type_changes++;
	return type;
}

/* Of one schema: the text's type, or an old one's OID. */
static bool
find_type_in(MigWorld *world, const char *schema, const char *name,
			 MigType **type, Oid *oid)
{
	void	   *object;
	Oid			namespace;
	MigRel	   *rel;

	*type = NULL;
	*oid = InvalidOid;
	if (find_name(world->types_by_name, schema, name, &object))
	{
		*type = object;
		if (object == NULL)
			return false;
		*oid = (*type)->oid;
		return true;
	}
	if (find_name(world->by_name, schema, name, &object) && object != NULL)
	{
		/* the row type of what the text made or renamed */
		rel = object;
		if (rel->kind != RELKIND_INDEX && rel->kind != RELKIND_PARTITIONED_INDEX &&
			rel->kind != RELKIND_SEQUENCE)
		{
			MemoryContext context;

			*oid = rel->type;
			if (OidIsValid(rel->type))
				return true;
			context = MemoryContextSwitchTo(world->context);
			*type = palloc0(sizeof(MigType));
			(*type)->schema = pstrdup(rel->schema);
			(*type)->name = pstrdup(rel->name);
			(*type)->kind = TYPTYPE_COMPOSITE;
			(*type)->made_in = rel->made_in;
			MemoryContextSwitchTo(context);
			return true;
		}
	}
	if (!mig_world_schema(world, schema, &namespace) || !OidIsValid(namespace))
		return false;
	*oid = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid,
						   CStringGetDatum(name), ObjectIdGetDatum(namespace));
	if (!OidIsValid(*oid))
		return false;
	*type = mig_world_type(world, *oid, false);
	/* renamed away, or dropped with its schema */
	if (*type != NULL && ((*type)->dropped || strcmp((*type)->name, name) != 0))
		return false;
	/* the row type of what was dropped */
	if (find_name(world->by_name, schema, name, &object) && object == NULL &&
		OidIsValid(get_typ_typrelid(*oid)))
		return false;
	return true;
}

/*
 * mig_world_lookup_type
 *		The text's type of that name, or NULL and an old one's OID, or neither.
 */
MigType *
mig_world_lookup_type(MigWorld *world, List *names, Oid *oid)
{
	char	   *schema;
	char	   *name;
	MigType    *type;
	ListCell   *lc;

	*oid = InvalidOid;
	if (!mig_world_split(names, &schema, &name))
		return NULL;
	if (schema != NULL)
		return find_type_in(world, schema, name, &type, oid) ? type : NULL;
	foreach(lc, mig_world_path(world))
	{
		if (find_type_in(world, lfirst(lc), name, &type, oid))
			return type;
	}
	*oid = InvalidOid;
	return NULL;
}

MigType *
mig_world_find_type(MigWorld *world, List *names)
{
	Oid			oid;

	return mig_world_lookup_type(world, names, &oid);
}

MigFunction *
mig_world_find_function(MigWorld *world, List *names)
{
	char	   *schema;
	char	   *name;
	void	   *object;
	ListCell   *lc;

	if (!mig_world_split(names, &schema, &name))
		return NULL;
	if (schema != NULL)
		return find_name(world->functions_by_name, schema, name, &object) ?
			object : NULL;
	foreach(lc, mig_world_path(world))
	{
		/* temporary ones are never found without their schema */
		if (strcmp(lfirst(lc), TEMP_SCHEMA) != 0 &&
			find_name(world->functions_by_name, lfirst(lc), name, &object))
			return object;
	}
	return NULL;
}

/* The integer type of a serial one. */
static Oid
serial_type(const TypeName *name)
{
	static const struct
	{
		const char *name;
		Oid			type;
	}			serials[] = {
		{"serial", INT4OID}, {"serial4", INT4OID},
		{"bigserial", INT8OID}, {"serial8", INT8OID},
		{"smallserial", INT2OID}, {"serial2", INT2OID},
	};

	if (list_length(name->names) != 1 || name->pct_type)
		return InvalidOid;
	for (int i = 0; i < lengthof(serials); i++)
	{
		if (strcmp(strVal(linitial(name->names)), serials[i].name) == 0)
			return serials[i].type;
	}
	return InvalidOid;
}

static void
ask_typmod(void *arg)
{
	TypmodCall *call = arg;
	Oid			type;

	typenameTypeIdAndMod(NULL, call->name, &type, &call->typmod);
}

/* A type's modifier, of the element if it is an array. */
static bool
resolve_typmod(const TypeName *name, Oid type, int32 *typmod)
{
	TypeName	bare = {0};
	TypmodCall	call;

	*typmod = name->typemod;
	if (name->typmods == NIL)
		return true;

	/* the common ones, at no cost */
	if ((type == VARCHAROID || type == BPCHAROID) && list_length(name->typmods) == 1)
	{
		Node	   *arg = linitial(name->typmods);

		if (IsA(arg, A_Const) && !((A_Const *) arg)->isnull &&
			IsA(&((A_Const *) arg)->val, Integer))
		{
			int			length = intVal(&((A_Const *) arg)->val);

			if (length > 0 && length <= MaxAttrSize)
			{
				*typmod = VARHDRSZ + length;
				return true;
			}
		}
	}

	bare.type = T_TypeName;
	bare.typeOid = type;
	bare.typmods = name->typmods;
	bare.typemod = -1;
	bare.location = -1;
	call.name = &bare;
	call.typmod = -1;
	if (!mig_try(ask_typmod, &call, NULL))
		return false;
	*typmod = call.typmod;
	return true;
}

/* column%TYPE */
static bool
resolve_column_type(MigWorld *world, const TypeName *name, MigTypeRef *ref)
{
	List	   *names = list_copy(name->names);
	char	   *column_name;
	MigRel	   *rel;
	MigColumn  *column;

	if (list_length(names) < 2)
		return false;
	column_name = strVal(llast(names));
	names = list_delete_last(names);
	rel = mig_world_find_list(world, names);
	column = rel != NULL ? mig_rel_column(rel, column_name) : NULL;
	if (column == NULL)
		return false;
	*ref = column->type;
	ref->serial = false;
	return true;
}

bool
mig_world_resolve_type(MigWorld *world, const TypeName *name, MigTypeRef *ref)
{
	Oid			oid = name->typeOid;

	memset(ref, 0, sizeof(MigTypeRef));
	ref->typmod = -1;
	if (name->pct_type)
	{
		if (!resolve_column_type(world, name, ref))
			return false;
		oid = ref->oid;
	}
	else if (name->names != NIL)
	{
		oid = serial_type(name);
		if (OidIsValid(oid))
			ref->serial = true;
		else
			ref->own = mig_world_lookup_type(world, name->names, &oid);
		if (ref->own == NULL && !OidIsValid(oid))
			return false;
	}
	if (OidIsValid(oid) && !name->pct_type && !resolve_typmod(name, oid, &ref->typmod))
		return false;
	if (name->arrayBounds != NIL)
	{
		ref->own_array = ref->own != NULL;
		if (OidIsValid(oid))
		{
			oid = get_array_type(oid);
			if (!OidIsValid(oid))
				return false;
		}
	}
	ref->oid = oid;
	if (OidIsValid(oid))
		ref->collation = get_typcollation(oid);
	return true;
}
