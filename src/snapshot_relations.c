/*-------------------------------------------------------------------------
 *
 * snapshot_relations.c
 *	  Schemas, extensions, tables and views, for a snapshot being taken; and
 *	  of which tables, views and types the statements have to tell.
 *
 * Most tables and views have nothing to tell but that they are there.  What
 * has more is left to the statements of snapshot_queries.c, which would say
 * the same of the others.  Under the active snapshot; locks nothing but
 * catalogs.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "snapshot.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "commands/comment.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

static void
put_schemas(MigTaking *taking)
{
	const MigSnapshotSchema *schemas;
	int			n;
	int			i;

	schemas = mig_snapshot_schemas(taking, &n);
	for (i = 0; i < n; i++)
	{
		const MigSnapshotSchema *schema = &schemas[i];
		const char *identity;
		const char *comment;

		if (mig_snapshot_is_member(taking, NamespaceRelationId, schema->oid))
			continue;
		identity = MemoryContextStrdup(taking->snapshot->context, schema->name);
		mig_snapshot_put(taking, "schema", identity, MIG_DEFINITION, "SCHEMA");
		comment = GetComment(schema->oid, NamespaceRelationId, 0);
		if (comment != NULL)
			mig_snapshot_put(taking, "schema", identity, MIG_COMMENT, comment);
		mig_snapshot_put_owner(taking, "schema", identity, schema->owner);
		mig_snapshot_put_privileges(taking, "schema", identity, OBJECT_SCHEMA, schema->owner,
									schema->acl);
	}
}

static void
put_extensions(MigTaking *taking)
{
	Relation	relation = table_open(ExtensionRelationId, AccessShareLock);
	TableScanDesc scan = table_beginscan_strat(relation, GetActiveSnapshot(), 0, NULL, true, false);
	HeapTuple	tuple;

	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Form_pg_extension form = (Form_pg_extension) GETSTRUCT(tuple);
		char	   *schema = get_namespace_name(form->extnamespace);
		const char *identity;
		const char *comment;
		bool		isnull;
		Datum		version;

		if (schema == NULL)
			continue;
		identity = MemoryContextStrdup(taking->snapshot->context,
									   quote_identifier(NameStr(form->extname)));
		mig_snapshot_put(taking, "extension", identity, MIG_DEFINITION,
						 psprintf("SCHEMA %s", quote_identifier(schema)));
		comment = GetComment(form->oid, ExtensionRelationId, 0);
		if (comment != NULL)
			mig_snapshot_put(taking, "extension", identity, MIG_COMMENT, comment);
		version = heap_getattr(tuple, Anum_pg_extension_extversion, RelationGetDescr(relation),
							   &isnull);
		if (!isnull)
			mig_snapshot_put(taking, "extension", identity, MIG_VERSION, TextDatumGetCString(version));
	}
	table_endscan(scan);
	table_close(relation, AccessShareLock);
}

/* Is it to be told by its flags, or has it anything else? */
static bool
is_plain(const MigTaking *taking, const MigSnapshotClass *class)
{
	const MigSnapshotClass *toast;

	if (class->options != NULL || class->depends || OidIsValid(class->tablespace) ||
		(OidIsValid(class->method) && class->method != HEAP_TABLE_AM_OID))
		return false;
	toast = OidIsValid(class->toast) ? mig_snapshot_class(taking, class->toast) : NULL;
	if (toast != NULL && toast->options != NULL)
		return false;
	switch (class->kind)
	{
		case RELKIND_VIEW:
			return true;
		case RELKIND_MATVIEW:
			return class->replica_identity == REPLICA_IDENTITY_DEFAULT;
		case RELKIND_RELATION:
			return !OidIsValid(class->of_type) && !class->partition && !class->inherits &&
				(class->replica_identity == REPLICA_IDENTITY_DEFAULT ||
				 class->replica_identity == REPLICA_IDENTITY_NOTHING);
		default:
			return false;
	}
}

static void
put_rest(MigTaking *taking, const char *kind, const MigSnapshotClass *class)
{
	const char *comment = mig_snapshot_comment(taking, RelationRelationId, class->oid, 0);

	if (comment != NULL)
		mig_snapshot_put(taking, kind, class->identity, MIG_COMMENT, comment);
	mig_snapshot_put_owner(taking, kind, class->identity, class->owner);
	mig_snapshot_put_privileges(taking, kind, class->identity, OBJECT_TABLE, class->owner, class->acl);
}

static void
put_table(MigTaking *taking, const MigSnapshotClass *class)
{
	char		definition[128];

	snprintf(definition, sizeof(definition), "%s%s%s%s",
			 class->persistence == RELPERSISTENCE_UNLOGGED ? "UNLOGGED TABLE" : "TABLE",
			 class->row_security ? " ENABLE ROW LEVEL SECURITY" : "",
			 class->force_row_security ? " FORCE ROW LEVEL SECURITY" : "",
			 class->replica_identity == REPLICA_IDENTITY_NOTHING ? " REPLICA IDENTITY NOTHING" : "");
	mig_snapshot_put(taking, "table", class->identity, MIG_DEFINITION, definition);
	put_rest(taking, "table", class);
}

/*
 * mig_snapshot_put_view
 *		A view by its rule, unless that is left to a statement.
 */
void
mig_snapshot_put_view(MigTaking *taking, Oid oid, Oid rule)
{
	const MigSnapshotClass *class = mig_snapshot_class(taking, oid);
	const char *kind = class->kind == RELKIND_VIEW ? "view" : "materialized view";
	const char *uses;

	if (class->listed)
		return;
	uses = mig_snapshot_uses(taking, rule);
	mig_snapshot_put(taking, kind, class->identity, MIG_DEFINITION,
					 uses ? mig_settled_text(pstrdup(uses)) : "");
	put_rest(taking, kind, class);
}

static void
put_relations(MigTaking *taking, MemoryContext memory)
{
	MigSnapshotClass *classes;
	int			n;
	int			i;

	classes = mig_snapshot_classes(taking, &n);
	for (i = 0; i < n; i++)
	{
		MigSnapshotClass *class = &classes[i];
		bool		table = class->kind == RELKIND_RELATION || class->kind == RELKIND_PARTITIONED_TABLE ||
			class->kind == RELKIND_FOREIGN_TABLE;
		bool		view = class->kind == RELKIND_VIEW || class->kind == RELKIND_MATVIEW;

		CHECK_FOR_INTERRUPTS();
		if (!class->own || !(table || view))
			continue;
		(void) mig_snapshot_identity(taking, class);
		if (!is_plain(taking, class))
		{
			MemoryContext caller = MemoryContextSwitchTo(memory);

			class->listed = true;
			if (table)
				taking->tables = lappend_oid(taking->tables, class->oid);
			else
				taking->views = lappend_oid(taking->views, class->oid);
			MemoryContextSwitchTo(caller);
		}
		else if (table)
		{
			put_table(taking, class);
			MemoryContextReset(taking->scratch);
		}
	}
}

static int
compare_oids(const void *a, const void *b)
{
	Oid			x = *(const Oid *) a;
	Oid			y = *(const Oid *) b;

	return x < y ? -1 : x > y ? 1 : 0;
}

typedef struct Types
{
	Oid		   *arrays;			/* that a type has as its own */
	int			n;
	int			allocated;
} Types;

static void
note_array(Types *types, Oid array)
{
	if (types->n == types->allocated)
	{
		types->allocated *= 2;
		types->arrays = repalloc_huge(types->arrays, sizeof(Oid) * types->allocated);
	}
	types->arrays[types->n++] = array;
}

/* Neither a multirange, nor of a relation. */
static bool
is_type(const MigTaking *taking, Form_pg_type form)
{
	const MigSnapshotClass *class;

	if (form->typtype == TYPTYPE_MULTIRANGE || mig_snapshot_schema(taking, form->typnamespace) == NULL)
		return false;
	if (form->typtype != TYPTYPE_COMPOSITE)
		return true;
	class = mig_snapshot_class(taking, form->typrelid);
	return class == NULL || class->kind == RELKIND_COMPOSITE_TYPE;
}

/* Which types the statement has to tell of. */
static void
list_types(MigTaking *taking, MemoryContext memory)
{
	Relation	relation = table_open(TypeRelationId, AccessShareLock);
	TableScanDesc scan = table_beginscan_strat(relation, GetActiveSnapshot(), 0, NULL, true, false);
	Types		types = {.allocated = 256};
	List	   *candidates = NIL;
	ListCell   *lc;
	HeapTuple	tuple;

	types.arrays = palloc(sizeof(Oid) * types.allocated);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Form_pg_type form = (Form_pg_type) GETSTRUCT(tuple);

		if (form->oid < MIG_FIRST_OF_USERS)
			continue;
		CHECK_FOR_INTERRUPTS();
		if (OidIsValid(form->typarray))
			note_array(&types, form->typarray);
		if (is_type(taking, form) && !mig_snapshot_is_member(taking, TypeRelationId, form->oid))
			candidates = lappend_oid(candidates, form->oid);
	}
	table_endscan(scan);
	table_close(relation, AccessShareLock);
	qsort(types.arrays, types.n, sizeof(Oid), compare_oids);
	foreach(lc, candidates)
	{
		Oid			oid = lfirst_oid(lc);

		if (bsearch(&oid, types.arrays, types.n, sizeof(Oid), compare_oids) == NULL)
		{
			MemoryContext caller = MemoryContextSwitchTo(memory);

			taking->types = lappend_oid(taking->types, oid);
			MemoryContextSwitchTo(caller);
		}
	}
}

/*
 * mig_snapshot_relations
 *		Put what can be told without statements, and note what cannot.
 */
void
mig_snapshot_relations(MigTaking *taking)
{
	MemoryContext caller = MemoryContextSwitchTo(taking->scratch);

	put_schemas(taking);
	put_extensions(taking);
	MemoryContextReset(taking->scratch);
	put_relations(taking, caller);
	list_types(taking, caller);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(taking->scratch);
}
