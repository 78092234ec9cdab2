/*-------------------------------------------------------------------------
 *
 * snapshot_columns.c
 *	  The columns of all relations, for a snapshot being taken.
 *
 * There are more of them than of anything else, so their catalogs are scanned
 * directly: in the order of relations, together with their columns' defaults
 * and the rules of views.  As snapshot_queries.c: nothing depends on column
 * numbers but their order.  Under the active snapshot; locks nothing but
 * catalogs.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "compat.h"
#include "snapshot.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteSupport.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/resowner.h"
#include "utils/ruleutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

/* A type as columns have it. */
typedef struct ColumnType
{
	Oid			oid;			/* hash key */
	int32		modifier;		/* hash key */
	char	   *name;
	Oid			collation;
	char		storage;
} ColumnType;

typedef struct Columns
{
	MigTaking  *taking;
	MemoryContext memory;
	MigSnapshotRelation *relations;
	int			nrelations;
	HTAB	   *types;
	SysScanDesc defaults;
	HeapTuple	default_tuple;	/* the next one, or NULL */
	TupleDesc	default_desc;
	SysScanDesc rules;
	HeapTuple	rule_tuple;		/* the next one, or NULL */
	TupleDesc	rule_desc;
	TupleDesc	desc;			/* of pg_attribute */
	List	   *optioned;		/* OIDs of what is not among the relations and
								 * has columns with options */
	int			place;			/* of the last column that has one */
} Columns;

/* What has columns. */
static bool
has_columns(const MigSnapshotClass *class)
{
	if (!class->own)
		return false;
	switch (class->kind)
	{
		case RELKIND_RELATION:
		case RELKIND_PARTITIONED_TABLE:
		case RELKIND_FOREIGN_TABLE:
		case RELKIND_COMPOSITE_TYPE:
		case RELKIND_VIEW:
		case RELKIND_MATVIEW:
			return true;
		default:
			return false;
	}
}

static void
load_relations(Columns *columns)
{
	MigSnapshotClass *classes;
	int			n;
	int			i;

	classes = mig_snapshot_classes(columns->taking, &n);
	columns->relations = MemoryContextAllocHuge(columns->memory, sizeof(MigSnapshotRelation) * (n + 1));
	for (i = 0; i < n; i++)
	{
		MigSnapshotClass *class = &classes[i];
		MigSnapshotRelation *relation = &columns->relations[columns->nrelations];

		if (!has_columns(class))
			continue;
		relation->oid = class->oid;
		relation->identity = mig_snapshot_identity(columns->taking, class);
		relation->kind = class->kind;
		relation->partition = class->partition;
		relation->owner = class->owner;
		relation->nattributes = class->nattributes;
		relation->attributes = MemoryContextAllocZero(columns->memory,
													  sizeof(MigSnapshotAttribute) * (class->nattributes + 1));
		columns->nrelations++;
	}
}

static const ColumnType *
type_of(Columns *columns, Oid oid, int32 modifier)
{
	struct
	{
		Oid			oid;
		int32		modifier;
	}			key = {oid, modifier};
	bool		known;
	ColumnType *type = hash_search(columns->types, &key, HASH_ENTER, &known);

	if (!known)
	{
		HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(oid));

		type->name = MemoryContextStrdup(columns->memory,
										 format_type_extended(oid, modifier,
															  FORMAT_TYPE_TYPEMOD_GIVEN |
															  FORMAT_TYPE_ALLOW_INVALID));
		type->collation = InvalidOid;
		type->storage = '\0';
		if (HeapTupleIsValid(tuple))
		{
			type->collation = ((Form_pg_type) GETSTRUCT(tuple))->typcollation;
			type->storage = ((Form_pg_type) GETSTRUCT(tuple))->typstorage;
			ReleaseSysCache(tuple);
		}
	}
	return type;
}

static int
compare_strings(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

#define NOTE "pg_"				/* begins an option that is the server's own */

/* Is an array of options one such note? */
static bool
is_noted(ArrayType *array)
{
	const struct varlena *option = (const struct varlena *) ARR_DATA_PTR(array);

	return ARR_NDIM(array) == 1 && ARR_DIMS(array)[0] == 1 && !ARR_HASNULL(array) &&
		VARSIZE_ANY_EXHDR(option) >= strlen(NOTE) &&
		memcmp(VARDATA_ANY(option), NOTE, strlen(NOTE)) == 0;
}

/*
 * The options in an array, sorted.  Minor versions from 15.20 on note something
 * of their own among those of a column.
 */
static char *
options_text(HeapTuple tuple, TupleDesc desc, int attribute, bool of_server)
{
	StringInfoData buf;
	bool		isnull;
	Datum		array;
	Datum	   *elements;
	bool	   *nulls;
	int			n;
	int			count = 0;
	char	  **texts;
	int			i;

	if (heap_attisnull(tuple, attribute, NULL))
		return NULL;
	array = heap_getattr(tuple, attribute, desc, &isnull);
	if (!of_server && is_noted(DatumGetArrayTypeP(array)))
		return NULL;
	deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT,
					  &elements, &nulls, &n);
	texts = palloc(sizeof(char *) * (n + 1));
	for (i = 0; i < n; i++)
	{
		char	   *option;

		if (nulls[i])
			continue;
		option = TextDatumGetCString(elements[i]);
		if (of_server || strncmp(option, NOTE, strlen(NOTE)) != 0)
			texts[count++] = option;
	}
	if (count == 0)
		return NULL;
	qsort(texts, count, sizeof(char *), compare_strings);
	initStringInfo(&buf);
	for (i = 0; i < count; i++)
		appendStringInfo(&buf, "%s%s", i > 0 ? ", " : "", texts[i]);
	return buf.data;
}

/* A scan allocates what it needs to its end wherever it is called. */
static HeapTuple
next_tuple(Columns *columns, SysScanDesc scan)
{
	MemoryContext caller = MemoryContextSwitchTo(columns->memory);
	HeapTuple	tuple = systable_getnext_ordered(scan, ForwardScanDirection);

	MemoryContextSwitchTo(caller);
	return tuple;
}

/* The expression of a default or a generated column; they come in order. */
static char *
default_of(Columns *columns, Form_pg_attribute attribute)
{
	char	   *expression = NULL;

	while (columns->default_tuple != NULL)
	{
		Form_pg_attrdef form = (Form_pg_attrdef) GETSTRUCT(columns->default_tuple);
		bool		isnull;
		Datum		tree;

		if (form->adrelid > attribute->attrelid ||
			(form->adrelid == attribute->attrelid && form->adnum > attribute->attnum))
			break;
		if (form->adrelid == attribute->attrelid && form->adnum == attribute->attnum)
		{
			tree = heap_getattr(columns->default_tuple, Anum_pg_attrdef_adbin,
								columns->default_desc, &isnull);
			if (!isnull)
			{
				LOCAL_FCINFO(fcinfo, 2);
				Datum		result;

				InitFunctionCallInfoData(*fcinfo, NULL, 2, InvalidOid, NULL, NULL);
				fcinfo->args[0].value = tree;
				fcinfo->args[0].isnull = false;
				/* without columns in it the relation need not be opened */
				fcinfo->args[1].value = ObjectIdGetDatum(attribute->attgenerated != '\0' ?
														 form->adrelid : InvalidOid);
				fcinfo->args[1].isnull = false;
				result = pg_get_expr(fcinfo);
				/* none if the relation is gone by now */
				if (!fcinfo->isnull)
					expression = mig_settled_text(TextDatumGetCString(result));
			}
		}
		columns->default_tuple = next_tuple(columns, columns->defaults);
	}
	return expression;
}

static void
append_type(StringInfo buf, Form_pg_attribute attribute, const ColumnType *type)
{
	appendStringInfoString(buf, type->name);
	if (OidIsValid(attribute->attcollation) && attribute->attcollation != type->collation)
		appendStringInfo(buf, " COLLATE %s",
						 DatumGetCString(DirectFunctionCall1(regcollationout,
															 ObjectIdGetDatum(attribute->attcollation))));
}

static char *
definition_text(Columns *columns, HeapTuple tuple, const ColumnType *type,
				const char *expression)
{
	Form_pg_attribute attribute = (Form_pg_attribute) GETSTRUCT(tuple);
	StringInfoData buf;
	const char *options;

	initStringInfo(&buf);
	append_type(&buf, attribute, type);
	if (attribute->attnotnull)
		appendStringInfoString(&buf, " NOT NULL");
	if (attribute->attidentity == ATTRIBUTE_IDENTITY_ALWAYS)
		appendStringInfoString(&buf, " GENERATED ALWAYS AS IDENTITY");
	else if (attribute->attidentity == ATTRIBUTE_IDENTITY_BY_DEFAULT)
		appendStringInfoString(&buf, " GENERATED BY DEFAULT AS IDENTITY");
	if (attribute->attgenerated != '\0')
		appendStringInfo(&buf, " GENERATED ALWAYS AS (%s) %s", expression ? expression : "",
						 attribute->attgenerated == ATTRIBUTE_GENERATED_STORED ? "STORED" : "VIRTUAL");
	options = options_text(tuple, columns->desc, Anum_pg_attribute_attfdwoptions, true);
	if (options != NULL)
		appendStringInfo(&buf, " OPTIONS (%s)", options);
	return buf.data;
}

static const char *
storage_name(char storage)
{
	switch (storage)
	{
		case TYPSTORAGE_PLAIN:
			return "PLAIN";
		case TYPSTORAGE_EXTERNAL:
			return "EXTERNAL";
		case TYPSTORAGE_MAIN:
			return "MAIN";
		default:
			return "EXTENDED";
	}
}

/* What differs from what the type says; empty: nothing. */
static char *
storage_text(Columns *columns, HeapTuple tuple, const ColumnType *type)
{
	Form_pg_attribute attribute = (Form_pg_attribute) GETSTRUCT(tuple);
	StringInfoData buf;
	bool		isnull;
	Datum		target;
	const char *options;

	initStringInfo(&buf);
	if (attribute->attstorage != type->storage)
		appendStringInfo(&buf, " STORAGE %s", storage_name(attribute->attstorage));
	if (attribute->attcompression != '\0')
		appendStringInfo(&buf, " COMPRESSION %s", attribute->attcompression == 'l' ? "lz4" : "pglz");
	target = heap_getattr(tuple, Anum_pg_attribute_attstattarget, columns->desc, &isnull);
	if (!isnull && mig_statistics_target(target) >= 0)
		appendStringInfo(&buf, " STATISTICS %d", (int) mig_statistics_target(target));
	options = options_text(tuple, columns->desc, Anum_pg_attribute_attoptions, false);
	if (options != NULL)
		appendStringInfo(&buf, " (%s)", options);
	return buf.len > 0 ? buf.data + 1 : buf.data;
}

/*
 * A dump gives a partition or child the default NULL where its parent has
 * another, which makes it NULL::numeric if the type has a modifier: the same as
 * no default, except of domains, which may have one.
 */
static bool
is_no_default(const char *expression, Oid type)
{
	return (strcmp(expression, "NULL") == 0 || strncmp(expression, "NULL::", 6) == 0) &&
		get_typtype(type) != TYPTYPE_DOMAIN;
}

static void
put_column(Columns *columns, const MigSnapshotRelation *relation, HeapTuple tuple,
		   const ColumnType *type)
{
	MigTaking  *taking = columns->taking;
	Form_pg_attribute attribute = (Form_pg_attribute) GETSTRUCT(tuple);
	bool		view = relation->kind == RELKIND_VIEW || relation->kind == RELKIND_MATVIEW;
	const char *expression = attribute->atthasdef ? default_of(columns, attribute) : NULL;
	const char *comment = mig_snapshot_comment(taking, RelationRelationId, attribute->attrelid,
											   attribute->attnum);
	const char *storage = relation->kind == RELKIND_VIEW ? "" : storage_text(columns, tuple, type);
	const char *privileges = "";
	char	   *identity;

	if (!heap_attisnull(tuple, Anum_pg_attribute_attacl, NULL) &&
		mig_snapshot_wants(taking, MIG_PRIVILEGES))
	{
		bool		isnull;
		Datum		acl = heap_getattr(tuple, Anum_pg_attribute_attacl, columns->desc, &isnull);

		privileges = mig_privileges_text(OBJECT_COLUMN, true, relation->owner, DatumGetAclP(acl));
	}
	if (view && comment == NULL && expression == NULL && storage[0] == '\0' &&
		privileges[0] == '\0')
		return;

	identity = psprintf("%s.%s", relation->identity, quote_identifier(NameStr(attribute->attname)));
	identity = MemoryContextStrdup(taking->snapshot->context, identity);
	if (!view)
		mig_snapshot_put(taking, "column", identity, MIG_DEFINITION,
						 definition_text(columns, tuple, type, expression));
	if (comment != NULL)
		mig_snapshot_put(taking, "column", identity, MIG_COMMENT, comment);
	if (expression != NULL && attribute->attgenerated == '\0' &&
		(view || !is_no_default(expression, attribute->atttypid)))
		mig_snapshot_put(taking, "column", identity, MIG_DEFAULT, expression);
	if (privileges[0] != '\0')
		mig_snapshot_put(taking, "column", identity, MIG_PRIVILEGES, privileges);
	if (storage[0] != '\0')
		mig_snapshot_put(taking, "column", identity, MIG_STORAGE, storage);
	/* a dump puts inherited columns where the parent has them */
	if (!view && (attribute->attinhcount == 0 || relation->partition))
	{
		char		place[16];

		pg_ltoa(++columns->place, place);
		mig_snapshot_put(taking, "column", identity, MIG_POSITION, place);
	}
}

/* A view's columns may have been renamed since its query was stored. */
static void
rename_targets(Query *query, const MigSnapshotRelation *relation, Node *operation)
{
	ListCell   *lc;
	int			number = 0;

	check_stack_depth();
	foreach(lc, query->targetList)
	{
		TargetEntry *target = (TargetEntry *) lfirst(lc);

		if (target->resjunk || number >= relation->nattributes)
			continue;
		if (relation->attributes[++number].raw != NULL)
			target->resname = relation->attributes[number].raw;
	}
	if (operation == NULL)
		operation = query->setOperations;
	if (operation == NULL)
		return;
	if (IsA(operation, RangeTblRef))
	{
		RangeTblEntry *entry = rt_fetch(((RangeTblRef *) operation)->rtindex, query->rtable);

		if (entry->subquery != NULL)
			rename_targets(entry->subquery, relation, NULL);
	}
	else if (IsA(operation, SetOperationStmt))
	{
		rename_targets(query, relation, ((SetOperationStmt *) operation)->larg);
		rename_targets(query, relation, ((SetOperationStmt *) operation)->rarg);
	}
}

/*
 * Until PostgreSQL 15 the query has entries for OLD and NEW, which it does not
 * use; their relation is the view, which is not to be opened for them.
 */
static void
forget_old_and_new(Query *query, Oid view)
{
	ListCell   *lc;

	foreach(lc, query->rtable)
	{
		RangeTblEntry *entry = (RangeTblEntry *) lfirst(lc);

		if (entry->rtekind == RTE_RELATION && entry->relid == view && !entry->inFromCl &&
			entry->alias != NULL)
			entry->rtekind = RTE_RESULT;
	}
}

/* Give back what an owner has, and the owner. */
static void
end_owner(ResourceOwner owner)
{
	ResourceOwnerRelease(owner, RESOURCE_RELEASE_BEFORE_LOCKS, false, false);
	ResourceOwnerRelease(owner, RESOURCE_RELEASE_LOCKS, false, false);
	ResourceOwnerRelease(owner, RESOURCE_RELEASE_AFTER_LOCKS, false, false);
	ResourceOwnerDelete(owner);
}

/*
 * What a view selects.  The server locks what that reads to write it down; for
 * an owner of its own, so that many views do not need as many locks at once.
 * A subtransaction would do that too, but the end of one costs the more the
 * more relations the transaction has made.
 */
static void
put_view_query(Columns *columns, const MigSnapshotRelation *relation)
{
	bool		isnull;
	Datum		action = heap_getattr(columns->rule_tuple, Anum_pg_rewrite_ev_action,
									  columns->rule_desc, &isnull);
	ResourceOwner owner = CurrentResourceOwner;
	ResourceOwner view_owner;
	List	   *queries;

	if (isnull)
		return;
	queries = (List *) stringToNode(TextDatumGetCString(action));
	if (list_length(queries) != 1)
		return;
	rename_targets(linitial_node(Query, queries), relation, NULL);
	forget_old_and_new(linitial_node(Query, queries), relation->oid);
	view_owner = ResourceOwnerCreate(owner, "migrate view");
	CurrentResourceOwner = view_owner;
	mig_snapshot_put(columns->taking,
					 relation->kind == RELKIND_VIEW ? "view" : "materialized view",
					 relation->identity, MIG_TEXT,
					 mig_settled_text(pg_get_querydef(linitial_node(Query, queries), false)));
	CurrentResourceOwner = owner;
	end_owner(view_owner);
}

/* What there is to tell of a relation after its columns. */
static void
put_view(Columns *columns, const MigSnapshotRelation *relation, StringInfo list)
{
	MemoryContext caller;

	if (relation->kind != RELKIND_VIEW && relation->kind != RELKIND_MATVIEW)
		return;
	mig_snapshot_put(columns->taking,
					 relation->kind == RELKIND_VIEW ? "view" : "materialized view",
					 relation->identity, MIG_COLUMNS, list->data);
	caller = MemoryContextSwitchTo(columns->taking->scratch);
	while (columns->rule_tuple != NULL)
	{
		Form_pg_rewrite rule = (Form_pg_rewrite) GETSTRUCT(columns->rule_tuple);

		if (rule->ev_class > relation->oid)
			break;
		if (rule->ev_class == relation->oid && rule->ev_type == '1' &&
			strcmp(NameStr(rule->rulename), ViewSelectRuleName) == 0)
		{
			mig_snapshot_put_view(columns->taking, relation->oid, rule->oid);
			if (mig_snapshot_wants(columns->taking, MIG_TEXT))
				put_view_query(columns, relation);
		}
		columns->rule_tuple = next_tuple(columns, columns->rules);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextReset(columns->taking->scratch);
}

/* To be told of by what is made of columns. */
static void
keep_attribute(Columns *columns, const MigSnapshotRelation *relation,
			   Form_pg_attribute attribute)
{
	MigSnapshotAttribute *kept = &relation->attributes[attribute->attnum];

	kept->raw = MemoryContextStrdup(columns->memory, NameStr(attribute->attname));
	kept->type = attribute->atttypid;
	kept->collation = attribute->attcollation;
}

/* By the relations of users; of columns, only those that are theirs too. */
static SysScanDesc
begin_scan(Relation heap, Relation index, AttrNumber attribute, AttrNumber number)
{
	ScanKeyData keys[2];

	ScanKeyInit(&keys[0], attribute, BTGreaterEqualStrategyNumber, F_OIDGE,
				ObjectIdGetDatum(MIG_FIRST_OF_USERS));
	if (number != InvalidAttrNumber)
		ScanKeyInit(&keys[1], number, BTGreaterStrategyNumber, F_INT2GT, Int16GetDatum(0));
	return systable_beginscan_ordered(heap, index, GetActiveSnapshot(),
									  number != InvalidAttrNumber ? 2 : 1, keys);
}

/* The columns of all relations, which are in the order of their OIDs. */
static void
scan_columns(Columns *columns, SysScanDesc scan)
{
	HeapTuple	tuple;
	int			current = 0;
	StringInfoData list;

	initStringInfo(&list);
	while (HeapTupleIsValid(tuple = systable_getnext_ordered(scan, ForwardScanDirection)))
	{
		Form_pg_attribute attribute = (Form_pg_attribute) GETSTRUCT(tuple);
		const MigSnapshotRelation *relation = &columns->relations[current];
		const ColumnType *type;
		MemoryContext caller;

		CHECK_FOR_INTERRUPTS();
		while (current < columns->nrelations && relation->oid < attribute->attrelid)
		{
			put_view(columns, relation, &list);
			resetStringInfo(&list);
			columns->place = 0;
			relation = &columns->relations[++current];
		}
		if (attribute->attnum <= 0 || attribute->attisdropped)
			continue;
		if (current == columns->nrelations || relation->oid != attribute->attrelid)
		{
			if (!heap_attisnull(tuple, Anum_pg_attribute_attoptions, NULL) &&
				options_text(tuple, columns->desc, Anum_pg_attribute_attoptions, false) != NULL)
				columns->optioned = lappend_oid(columns->optioned, attribute->attrelid);
			continue;
		}
		caller = MemoryContextSwitchTo(columns->taking->scratch);
		if (attribute->attnum <= relation->nattributes)
			keep_attribute(columns, relation, attribute);
		type = type_of(columns, attribute->atttypid, attribute->atttypmod);
		if (relation->kind == RELKIND_VIEW || relation->kind == RELKIND_MATVIEW)
		{
			appendStringInfo(&list, "%s%s ", list.len > 0 ? ", " : "",
							 quote_identifier(NameStr(attribute->attname)));
			append_type(&list, attribute, type);
		}
		put_column(columns, relation, tuple, type);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(columns->taking->scratch);
	}
	for (; current < columns->nrelations; current++)
	{
		put_view(columns, &columns->relations[current], &list);
		resetStringInfo(&list);
	}
	pfree(list.data);
}

static int
compare_relations(const void *a, const void *b)
{
	Oid			x = ((const MigSnapshotRelation *) a)->oid;
	Oid			y = ((const MigSnapshotRelation *) b)->oid;

	return x < y ? -1 : x > y ? 1 : 0;
}

/*
 * mig_snapshot_relation
 *		What has columns, with these, once they were read; or NULL.
 */
const MigSnapshotRelation *
mig_snapshot_relation(const MigTaking *taking, Oid oid)
{
	MigSnapshotRelation key = {.oid = oid};

	return bsearch(&key, taking->relations, taking->nrelations, sizeof(MigSnapshotRelation),
				   compare_relations);
}

/*
 * mig_snapshot_columns
 *		The columns of everything that has some, and what views select.
 */
void
mig_snapshot_columns(MigTaking *taking)
{
	Columns		columns = {.taking = taking};
	HASHCTL		control = {.keysize = sizeof(Oid) + sizeof(int32),.entrysize = sizeof(ColumnType)};
	Relation	attributes = table_open(AttributeRelationId, AccessShareLock);
	Relation	attribute_index = index_open(AttributeRelidNumIndexId, AccessShareLock);
	Relation	defaults = table_open(AttrDefaultRelationId, AccessShareLock);
	Relation	default_index = index_open(AttrDefaultIndexId, AccessShareLock);
	Relation	rules = table_open(RewriteRelationId, AccessShareLock);
	Relation	rule_index = index_open(RewriteRelRulenameIndexId, AccessShareLock);
	MemoryContext caller = CurrentMemoryContext;
	SysScanDesc scan;

	columns.memory = AllocSetContextCreate(taking->snapshot->context, "migrate snapshot columns",
										   ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(columns.memory);
	control.hcxt = columns.memory;
	columns.types = hash_create("migrate column types", 64, &control,
								HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	load_relations(&columns);
	columns.desc = RelationGetDescr(attributes);
	columns.default_desc = RelationGetDescr(defaults);
	columns.defaults = begin_scan(defaults, default_index, Anum_pg_attrdef_adrelid, InvalidAttrNumber);
	columns.default_tuple = systable_getnext_ordered(columns.defaults, ForwardScanDirection);
	columns.rule_desc = RelationGetDescr(rules);
	columns.rules = begin_scan(rules, rule_index, Anum_pg_rewrite_ev_class, InvalidAttrNumber);
	columns.rule_tuple = systable_getnext_ordered(columns.rules, ForwardScanDirection);
	scan = begin_scan(attributes, attribute_index, Anum_pg_attribute_attrelid, Anum_pg_attribute_attnum);
	scan_columns(&columns, scan);
	systable_endscan_ordered(scan);
	systable_endscan_ordered(columns.defaults);
	systable_endscan_ordered(columns.rules);
	MemoryContextSwitchTo(caller);
	hash_destroy(columns.types);
	index_close(rule_index, AccessShareLock);
	table_close(rules, AccessShareLock);
	index_close(default_index, AccessShareLock);
	table_close(defaults, AccessShareLock);
	index_close(attribute_index, AccessShareLock);
	table_close(attributes, AccessShareLock);
	taking->relations = columns.relations;
	taking->nrelations = columns.nrelations;
	taking->optioned = columns.optioned;
}
