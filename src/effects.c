/*-------------------------------------------------------------------------
 *
 * effects.c
 *	  What a statement would do to relations: the statements that are neither
 *	  queries nor a matter of tables' and indexes' definitions.
 *
 * The other kinds are in effects_query.c (also views and COPY),
 * effects_table.c (ALTER TABLE), effects_maintain.c, effects_create.c (tables,
 * indexes) and effects_drop.c.  All of them read the statement as the parser
 * left it, the world and the catalogs; nothing is executed, and no user's
 * relation is opened or locked.  They expect a transaction and a snapshot.
 *
 * Effects are those on locks that are kept until the transaction ends, or for
 * commands that refuse one, until they end.
 *
 *-------------------------------------------------------------------------
 */
#include "effects_internal.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/tableam.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_index.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_publication.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "commands/tablespace.h"
#include "compat.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/value.h"
#include "nodes/nodeFuncs.h"
#include "parser/parser.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

/* From how many relations on they are looked up in a table. */
#define MANY_RELATIONS 16

typedef struct EffectEntry
{
	MigRel	   *rel;			/* key */
	MigEffect  *effect;
} EffectEntry;

static void statement_effects(MigEffects *e, Node *stmt);

static void
remember(MigEffects *e, MigEffect *effect)
{
	EffectEntry *entry;

	entry = hash_search(e->by_rel, &effect->rel, HASH_ENTER, NULL);
	entry->effect = effect;
}

static MigEffect *
find_effect(MigEffects *e, MigRel *rel)
{
	ListCell   *lc;

	if (e->by_rel == NULL && list_length(e->list) >= MANY_RELATIONS)
	{
		HASHCTL		ctl = {0};

		ctl.keysize = sizeof(MigRel *);
		ctl.entrysize = sizeof(EffectEntry);
		ctl.hcxt = CurrentMemoryContext;
		e->by_rel = hash_create("effects", 64, &ctl,
								HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
		foreach(lc, e->list)
			remember(e, lfirst(lc));
	}
	if (e->by_rel)
	{
		EffectEntry *entry = hash_search(e->by_rel, &rel, HASH_FIND, NULL);

		return entry ? entry->effect : NULL;
	}
	foreach(lc, e->list)
	{
		MigEffect  *effect = lfirst(lc);

		if (effect->rel == rel)
			return effect;
	}
	return NULL;
}

/* The effect on a relation, a new one if there was none so far. */
MigEffect *
mig_effects_of(MigEffects *e, MigRel *rel)
{
	MigEffect  *effect = find_effect(e, rel);

	if (effect == NULL)
	{
		effect = palloc0(sizeof(MigEffect));
		effect->rel = rel;
		e->list = lappend(e->list, effect);
		if (e->by_rel)
			remember(e, effect);
	}
	return effect;
}

/* The relation, which the statement names; NULL if rel is. */
MigRel *
mig_effects_rel(MigEffects *e, MigRel *rel)
{
	if (rel)
		e->named = list_append_unique_ptr(e->named, rel);
	return rel;
}

MigRel *
mig_effects_find(MigEffects *e, const RangeVar *name)
{
	ListCell   *lc;

	if (name == NULL)
		return NULL;
	foreach(lc, name->schemaname ? NIL : e->making)
	{
		if (strcmp(lfirst(lc), name->relname) == 0)
			return NULL;
	}
	return mig_effects_rel(e, mig_world_find(e->world, name));
}

MigRel *
mig_effects_find_list(MigEffects *e, List *names)
{
	return mig_effects_rel(e, mig_world_find_list(e->world, names));
}

void
mig_effects_lock(MigEffects *e, MigRel *rel, LOCKMODE mode)
{
	if (rel)
		mig_effects_of(e, rel)->modes |= LOCKBIT_ON(mode);
}

void
mig_effects_lock_oid(MigEffects *e, Oid relid, LOCKMODE mode)
{
	if (OidIsValid(relid))
		mig_effects_lock(e, mig_world_rel(e->world, relid), mode);
}

void
mig_effects_lock_tree(MigEffects *e, MigRel *rel, LOCKMODE mode)
{
	ListCell   *lc;

	foreach(lc, mig_rel_tree(rel))
		mig_effects_lock(e, lfirst(lc), mode);
}

void
mig_effects_lock_indexes(MigEffects *e, MigRel *rel, LOCKMODE mode)
{
	ListCell   *lc;

	foreach(lc, mig_rel_indexes(rel))
		mig_effects_lock(e, lfirst(lc), mode);
}

static void
give_reason(MigEffect *effect, const char *why)
{
	if (effect->reason == NULL)
		effect->reason = why;
}

/* The command reads all of it, unless it is known that nothing is there. */
void
mig_effects_scan(MigEffects *e, MigRel *rel, const char *why)
{
	MigEffect  *effect;

	if (mig_rel_is_empty(rel))
		return;
	effect = mig_effects_of(e, rel);
	effect->scans = true;
	give_reason(effect, why);
}

/* An index of a table is built anew; NULL: one that the statement makes. */
void
mig_effects_build(MigEffects *e, MigRel *table, MigRel *index, const char *why)
{
	MigEffect  *effect = mig_effects_of(e, table);

	effect->builds = true;
	effect->modes |= LOCKBIT_ON(ShareLock);
	if (index)
	{
		mig_effects_lock(e, index, AccessExclusiveLock);
		mig_effects_of(e, index)->builds = true;
	}
	mig_effects_scan(e, table, why);
}

/* A composite type, or that of an array's elements, is a relation. */
static void
lock_composite(MigEffects *e, const MigTypeRef *type)
{
	Oid			oid = type->oid;
	Oid			element;
	const MigType *own;

	for (own = type->own; own && !OidIsValid(oid); own = own->own_base)
		oid = own->kind == TYPTYPE_DOMAIN ? own->base : InvalidOid;
	if (oid < FirstNormalObjectId)
		return;
	oid = getBaseType(oid);
	element = get_element_type(oid);
	mig_effects_lock_oid(e, get_typ_typrelid(OidIsValid(element) ? element : oid),
						 AccessShareLock);
}

/* What is made to depend on a type. */
void
mig_effects_type_needs(MigEffects *e, const MigTypeRef *type)
{
	if (MIG_COMPOSITE_TYPES_LOCK && mig_dependencies_lock())
		lock_composite(e, type);
}

/* ... and where it has columns as another relation has them. */
void
mig_effects_columns_need(MigEffects *e, MigRel *rel)
{
	ListCell   *lc;

	foreach(lc, mig_rel_columns(rel))
	{
		if (!list_member_ptr(e->retyped, lfirst(lc)))
			mig_effects_type_needs(e, &((MigColumn *) lfirst(lc))->type);
	}
}

/* Columns (char *) of which an expression has a field. */
static bool
collect_with_field(Node *node, void *context)
{
	List	  **names = (List **) context;

	if (node == NULL)
		return false;
	if (IsA(node, A_Indirection) && IsA(((A_Indirection *) node)->arg, ColumnRef))
	{
		Node	   *last = llast(((ColumnRef *) ((A_Indirection *) node)->arg)->fields);

		if (IsA(last, String))
			*names = lappend(*names, strVal(last));
	}
	return raw_expression_tree_walker(node, collect_with_field, context);
}

/*
 * The same for an expression or query, by the columns that it has of the
 * relations that were named, from the first on.  Who has a field of a value
 * depends on the type's column, whether or not it does on the type.
 */
void
mig_effects_expression_needs(MigEffects *e, Node *raw, int first)
{
	List	   *names = NIL;
	bool		star = false;
	ListCell   *lc;
	ListCell   *lc2;
	ListCell   *lc3;

	if (!mig_dependencies_lock())
		return;
	if (MIG_COMPOSITE_TYPES_LOCK)
		names = mig_raw_names(raw, &star);
	else
		collect_with_field(raw, &names);
	for_each_from(lc, e->named, first)
	{
		foreach(lc2, mig_rel_columns(lfirst(lc)))
		{
			MigColumn  *column = lfirst(lc2);
			bool		mentioned = star;

			if (column->type.oid < FirstNormalObjectId)
				continue;
			foreach(lc3, star ? NIL : names)
				mentioned = mentioned || strcmp(lfirst(lc3), column->name) == 0;
			if (mentioned)
				lock_composite(e, &column->type);
		}
	}
}

void
mig_effects_column_needs(MigEffects *e, const ColumnDef *def)
{
	MigTypeRef	type;

	if (def->typeName && mig_world_resolve_type(e->world, def->typeName, &type))
		mig_effects_type_needs(e, &type);
}

/* All that a table, matview or sequence has in files is made anew. */
void
mig_effects_rewrite(MigEffects *e, MigRel *rel, const char *why)
{
	MigEffect  *effect = mig_effects_of(e, rel);
	MigRel	   *toast = mig_rel_toast(rel);
	ListCell   *lc;

	effect->modes |= LOCKBIT_ON(AccessExclusiveLock);
	if (effect->rewrites)
		return;
	effect->rewrites = true;
	effect->reason = why;
	if (rel->kind != RELKIND_SEQUENCE)
	{
		mig_effects_scan(e, rel, why);
		/* the relation that takes its place for a while has the same columns */
		mig_effects_columns_need(e, rel);
	}
	foreach(lc, mig_rel_indexes(rel))
		mig_effects_build(e, rel, lfirst(lc), why);
	if (toast)
	{
		mig_effects_lock(e, toast, AccessExclusiveLock);
		mig_effects_lock_indexes(e, toast, AccessExclusiveLock);
	}
}

/* What is in it is gone, but it stays; or it goes too. */
void
mig_effects_lose(MigEffects *e, MigRel *rel, const char *why)
{
	MigEffect  *effect = mig_effects_of(e, rel);

	effect->loses = true;
	effect->reason = why;
}

/* The tables OF a composite type. */
void
mig_effects_lock_typed(MigEffects *e, MigRel *rel, LOCKMODE mode)
{
	Relation	class;
	TableScanDesc scan;
	ScanKeyData key;
	HeapTuple	tuple;
	List	   *found = NIL;
	ListCell   *lc;

	if (!OidIsValid(rel->type))
		return;
	class = table_open(RelationRelationId, AccessShareLock);
	ScanKeyInit(&key, Anum_pg_class_reloftype, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(rel->type));
	scan = table_beginscan_catalog(class, 1, &key);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
		found = lappend_oid(found, ((Form_pg_class) GETSTRUCT(tuple))->oid);
	table_endscan(scan);
	table_close(class, AccessShareLock);
	foreach(lc, found)
		mig_effects_lock_oid(e, lfirst_oid(lc), mode);
}

static void
lock_effects(MigEffects *e, LockStmt *stmt)
{
	ListCell   *lc;

	foreach(lc, stmt->relations)
	{
		RangeVar   *name = lfirst_node(RangeVar, lc);
		MigRel	   *rel = mig_effects_find(e, name);

		if (rel == NULL)
			continue;
		if (rel->kind == RELKIND_VIEW)
			mig_effects_view_sources(e, rel, stmt->mode);
		else if (name->inh)
			mig_effects_lock_tree(e, rel, stmt->mode);
		mig_effects_lock(e, rel, stmt->mode);
	}
}

static void
trigger_effects(MigEffects *e, CreateTrigStmt *stmt)
{
	MigRel	   *rel = mig_effects_find(e, stmt->relation);
	ListCell   *lc;

	if (rel == NULL)
		return;
	mig_effects_lock(e, rel, ShareRowExclusiveLock);
	mig_effects_lock(e, mig_effects_find(e, stmt->constrrel), AccessShareLock);
	if (stmt->whenClause)
		mig_effects_expression_needs(e, stmt->whenClause, 0);
	if (stmt->row && rel->kind == RELKIND_PARTITIONED_TABLE)
	{
		foreach(lc, mig_rel_tree(rel))
			mig_effects_lock(e, lfirst(lc), ShareRowExclusiveLock);
	}
}

/* The table of an object that is named by it and a name within it. */
static MigRel *
table_of_object(MigEffects *e, Node *object)
{
	List	   *names;

	if (object == NULL || !IsA(object, List))
		return NULL;
	names = castNode(List, object);
	if (list_length(names) < 2)
		return NULL;
	return mig_effects_find_list(e, list_copy_head(names, list_length(names) - 1));
}

/* COMMENT, SECURITY LABEL, and what an extension takes in or gives up. */
static void
object_effects(MigEffects *e, ObjectType type, Node *object, LOCKMODE mode)
{
	switch (type)
	{
		case OBJECT_TABLE:
		case OBJECT_INDEX:
		case OBJECT_VIEW:
		case OBJECT_MATVIEW:
		case OBJECT_SEQUENCE:
		case OBJECT_FOREIGN_TABLE:
			if (IsA(object, List))
				mig_effects_lock(e, mig_effects_find_list(e, castNode(List, object)), mode);
			break;
		case OBJECT_COLUMN:
			mig_effects_lock(e, table_of_object(e, object), mode);
			break;
		case OBJECT_TABCONSTRAINT:
		case OBJECT_TRIGGER:
		case OBJECT_RULE:
		case OBJECT_POLICY:
			mig_effects_lock(e, table_of_object(e, object), AccessShareLock);
			break;
		default:
			break;
	}
}

static void
grant_effects(MigEffects *e, GrantStmt *stmt)
{
	ListCell   *lc;

	if (!MIG_GRANT_LOCKS || stmt->targtype != ACL_TARGET_OBJECT ||
		(stmt->objtype != OBJECT_TABLE && stmt->objtype != OBJECT_SEQUENCE))
		return;
	foreach(lc, stmt->objects)
	{
		Node	   *name = lfirst(lc);

		if (IsA(name, RangeVar))
			mig_effects_lock(e, mig_effects_find(e, (RangeVar *) name), AccessShareLock);
	}
}

static void
rename_effects(MigEffects *e, RenameStmt *stmt)
{
	MigRel	   *rel;
	MigConstraint *constraint;

	switch (stmt->renameType)
	{
		case OBJECT_TABLE:
		case OBJECT_INDEX:
		case OBJECT_VIEW:
		case OBJECT_MATVIEW:
		case OBJECT_SEQUENCE:
		case OBJECT_FOREIGN_TABLE:
			rel = mig_effects_find(e, stmt->relation);
			if (rel == NULL)
				rel = mig_effects_rel(e, mig_world_find_index(e->world, stmt->relation));
			if (rel == NULL)
				break;
			mig_effects_lock(e, rel, stmt->renameType == OBJECT_INDEX &&
							 (rel->kind == RELKIND_INDEX ||
							  rel->kind == RELKIND_PARTITIONED_INDEX) ?
							 ShareUpdateExclusiveLock : AccessExclusiveLock);
			break;
		case OBJECT_COLUMN:
		case OBJECT_ATTRIBUTE:
			rel = mig_effects_find(e, stmt->relation);
			if (rel == NULL)
				break;
			if (stmt->relation->inh)
				mig_effects_lock_tree(e, rel, AccessExclusiveLock);
			mig_effects_lock(e, rel, AccessExclusiveLock);
			if (rel->kind == RELKIND_COMPOSITE_TYPE && stmt->behavior == DROP_CASCADE)
				mig_effects_lock_typed(e, rel, AccessExclusiveLock);
			break;
		case OBJECT_TABCONSTRAINT:
			rel = mig_effects_find(e, stmt->relation);
			if (rel == NULL)
				break;
			mig_effects_lock(e, rel, AccessExclusiveLock);
			constraint = mig_rel_constraint(rel, stmt->subname);
			if (constraint && stmt->relation->inh && !constraint->no_inherit &&
				(constraint->kind == CONSTRAINT_CHECK || constraint->kind == 'n'))
				mig_effects_lock_tree(e, rel, AccessExclusiveLock);
			/* its index has the same name */
			if (constraint && constraint->kind != CONSTRAINT_FOREIGN)
				mig_effects_lock(e, mig_constraint_index(constraint), ShareUpdateExclusiveLock);
			break;
		case OBJECT_TRIGGER:
			rel = mig_effects_find(e, stmt->relation);
			if (rel == NULL)
				break;
			mig_effects_lock(e, rel, AccessExclusiveLock);
			if (rel->kind == RELKIND_PARTITIONED_TABLE)
				mig_effects_lock_tree(e, rel, AccessExclusiveLock);
			break;
		case OBJECT_RULE:
		case OBJECT_POLICY:
			mig_effects_lock(e, mig_effects_find(e, stmt->relation), AccessExclusiveLock);
			break;
		case OBJECT_TYPE:
			if (IsA(stmt->object, List))
			{
				/* a composite one is a relation */
				rel = mig_effects_find_list(e, castNode(List, stmt->object));
				if (rel && rel->kind == RELKIND_COMPOSITE_TYPE)
					mig_effects_lock(e, rel, AccessExclusiveLock);
			}
			break;
		default:
			break;
	}
}

static void
set_schema_effects(MigEffects *e, AlterObjectSchemaStmt *stmt)
{
	MigRel	   *rel;
	ListCell   *lc;

	switch (stmt->objectType)
	{
		case OBJECT_TABLE:
		case OBJECT_VIEW:
		case OBJECT_MATVIEW:
		case OBJECT_SEQUENCE:
		case OBJECT_FOREIGN_TABLE:
			rel = mig_effects_find(e, stmt->relation);
			if (rel == NULL)
				break;
			mig_effects_lock(e, rel, AccessExclusiveLock);
			foreach(lc, mig_rel_sequences(rel))
				mig_effects_lock(e, lfirst(lc), AccessExclusiveLock);
			break;
		default:
			break;
	}
}

/* All tables with a column of a domain whose values are looked at. */
static void
domain_effects(MigEffects *e, AlterDomainStmt *stmt)
{
	bool		scans = false;
	Oid			domain;
	TypeName   *name;
	MigTypeRef	ref;
	ListCell   *lc;

	switch (stmt->subtype)
	{
		case 'O':				/* SET NOT NULL */
		case 'V':				/* VALIDATE */
			scans = true;
			break;
		case 'C':				/* ADD */
			scans = !castNode(Constraint, stmt->def)->skip_validation;
			break;
		default:
			break;
	}
	if (!scans)
		return;
	name = makeTypeNameFromNameList(stmt->typeName);
	if (!mig_world_resolve_type(e->world, name, &ref))
		return;
	domain = OidIsValid(ref.oid) ? ref.oid : ref.own ? ref.own->oid : InvalidOid;
	if (!OidIsValid(domain))
		return;
	if (stmt->subtype == 'O')
	{
		HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(domain));
		bool		not_null = false;

		if (HeapTupleIsValid(tuple))
		{
			not_null = ((Form_pg_type) GETSTRUCT(tuple))->typnotnull;
			ReleaseSysCache(tuple);
		}
		if (not_null)
			return;
	}
	foreach(lc, mig_type_tables(e->world, domain))
	{
		MigTypeUse *use = lfirst(lc);

		if (use->rel->kind != RELKIND_RELATION && use->rel->kind != RELKIND_MATVIEW)
			continue;
		mig_effects_lock(e, use->rel, ShareLock);
		mig_effects_scan(e, use->rel, MIG_WHY_DOMAIN);
	}
}

/* Is there an OWNED BY, and whose is it then; NULL: of no table. */
static MigRel *
owned_by(MigEffects *e, List *options)
{
	ListCell   *lc;

	foreach(lc, options)
	{
		DefElem    *option = lfirst_node(DefElem, lc);

		if (strcmp(option->defname, "owned_by") == 0 && option->arg &&
			IsA(option->arg, List))
		{
			List	   *names = castNode(List, option->arg);

			if (list_length(names) > 1)
				return mig_effects_find_list(e, list_copy_head(names,
															   list_length(names) - 1));
		}
	}
	return NULL;
}

static void
alter_sequence_effects(MigEffects *e, AlterSeqStmt *stmt)
{
	MigRel	   *rel = mig_effects_find(e, stmt->sequence);

	if (rel == NULL)
		return;
	mig_effects_lock(e, rel, ShareRowExclusiveLock);
	mig_effects_lock(e, rel, RowExclusiveLock);
	mig_effects_lock(e, owned_by(e, stmt->options), AccessShareLock);
}

static void
publication_effects(MigEffects *e, List *objects, const char *replaced)
{
	Oid			oid = replaced ? get_publication_oid(replaced, true) : InvalidOid;
	ListCell   *lc;

	if (OidIsValid(oid))
	{
		foreach(lc, GetPublicationRelations(oid, PUBLICATION_PART_ROOT))
			mig_effects_lock_oid(e, lfirst_oid(lc), ShareUpdateExclusiveLock);
	}

	foreach(lc, objects)
	{
		PublicationObjSpec *object = lfirst_node(PublicationObjSpec, lc);
		MigRel	   *rel;

		if (object->pubtable == NULL)
			continue;
		rel = mig_effects_find(e, object->pubtable->relation);
		if (rel == NULL)
			continue;
		mig_effects_lock(e, rel, ShareUpdateExclusiveLock);
		if (object->pubtable->relation->inh && rel->kind != RELKIND_PARTITIONED_TABLE)
			mig_effects_lock_tree(e, rel, ShareUpdateExclusiveLock);
	}
}

static void
statistics_effects(MigEffects *e, CreateStatsStmt *stmt)
{
	ListCell   *lc;

	foreach(lc, stmt->relations)
	{
		if (IsA(lfirst(lc), RangeVar))
			mig_effects_lock(e, mig_effects_find(e, lfirst(lc)),
							 ShareUpdateExclusiveLock);
	}
}

/* A query or an expression that is stored, and depends on what it names. */
static void
stored_query_effects(MigEffects *e, Node *query)
{
	int			named = list_length(e->named);

	mig_effects_query(e, query, MIG_QUERY_ANALYSED);
	/* an expression is one on what was named before */
	mig_effects_expression_needs(e, query, mig_effects_is_query(query) ? named : 0);
}

static void
view_effects(MigEffects *e, ViewStmt *stmt)
{
	stored_query_effects(e, stmt->query);
	if (stmt->replace)
		mig_effects_lock(e, mig_effects_find(e, stmt->view), AccessExclusiveLock);
}

static void
create_as_effects(MigEffects *e, CreateTableAsStmt *stmt, MigQueryStage stage)
{
	bool		there = stmt->if_not_exists &&
		mig_world_find(e->world, stmt->into->rel) != NULL;

	/* EXECUTE: what was prepared is not known */
	if (!mig_effects_is_query(stmt->query))
		return;
	mig_effects_query(e, stmt->query, stmt->into->skipData || there ?
					  MIG_QUERY_ANALYSED : stage);
	if (!there)
		mig_effects_expression_needs(e, stmt->query, 0);
}

static void
rule_effects(MigEffects *e, RuleStmt *stmt)
{
	ListCell   *lc;

	mig_effects_lock(e, mig_effects_find(e, stmt->relation), AccessExclusiveLock);
	foreach(lc, stmt->actions)
	{
		if (mig_effects_is_query(lfirst(lc)))
			stored_query_effects(e, lfirst(lc));
	}
	if (stmt->whereClause)
		stored_query_effects(e, stmt->whereClause);
}

static void
policy_effects(MigEffects *e, RangeVar *table, Node *qual, Node *check)
{
	mig_effects_lock(e, mig_effects_find(e, table), AccessExclusiveLock);
	if (qual)
		stored_query_effects(e, qual);
	if (check)
		stored_query_effects(e, check);
}

/* What a function in SQL names is looked up when it is made. */
static void
body_effects(MigEffects *e, Node *query)
{
	ListCell   *lc;
	int			n = list_length(e->named);

	if (query == NULL || !mig_effects_is_query(query))
		return;
	mig_effects_query(e, query, MIG_QUERY_ANALYSED);
	for_each_from(lc, e->named, n)
	{
		MigRel	   *rel = lfirst(lc);

		if (rel->kind == RELKIND_VIEW)
			mig_effects_view_sources(e, rel, AccessShareLock);
	}
}

static void
parse_body(void *arg)
{
	void	  **args = arg;

	args[1] = raw_parser(args[0], RAW_PARSE_DEFAULT);
}

static void
function_effects(MigEffects *e, CreateFunctionStmt *stmt)
{
	const char *language = NULL;
	List	   *body = NIL;
	void	   *args[2];
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, stmt->options)
	{
		DefElem    *option = lfirst_node(DefElem, lc);

		if (strcmp(option->defname, "language") == 0)
			language = strVal(option->arg);
		else if (strcmp(option->defname, "as") == 0)
			body = castNode(List, option->arg);
	}
	if (stmt->sql_body)
	{
		/* a list of lists of what is between BEGIN ATOMIC and END, or RETURN */
		foreach(lc, IsA(stmt->sql_body, List) ? (List *) stmt->sql_body : NIL)
		{
			foreach(lc2, IsA(lfirst(lc), List) ? (List *) lfirst(lc) : NIL)
				body_effects(e, lfirst(lc2));
		}
		return;
	}
	if (language == NULL || strcmp(language, "sql") != 0 || body == NIL ||
		!check_function_bodies)
		return;
	args[0] = strVal(linitial(body));
	args[1] = NULL;
	if (!mig_try(parse_body, args, NULL))
		return;
	foreach(lc, (List *) args[1])
		body_effects(e, lfirst_node(RawStmt, lc)->stmt);
}

/* Elements name what the others make before what is there. */
static void
create_schema_effects(MigEffects *e, CreateSchemaStmt *stmt)
{
	ListCell   *lc;

	foreach(lc, stmt->schemaElts)
	{
		Node	   *element = lfirst(lc);

		if (IsA(element, CreateStmt))
			e->making = lappend(e->making, ((CreateStmt *) element)->relation->relname);
		else if (IsA(element, ViewStmt))
			e->making = lappend(e->making, ((ViewStmt *) element)->view->relname);
		else if (IsA(element, CreateSeqStmt))
			e->making = lappend(e->making, ((CreateSeqStmt *) element)->sequence->relname);
	}
	foreach(lc, stmt->schemaElts)
		statement_effects(e, lfirst(lc));
	e->making = NIL;
}

/* A relation gets another owner, with what belongs to it. */
void
mig_effects_new_owner(MigEffects *e, MigRel *rel)
{
	MigRel	   *toast = mig_rel_toast(rel);
	ListCell   *lc;

	mig_effects_lock(e, rel, AccessExclusiveLock);
	mig_effects_lock_indexes(e, rel, AccessExclusiveLock);
	foreach(lc, mig_rel_sequences(rel))
		mig_effects_lock(e, lfirst(lc), AccessExclusiveLock);
	if (toast)
	{
		mig_effects_lock(e, toast, AccessExclusiveLock);
		mig_effects_lock_indexes(e, toast, AccessExclusiveLock);
	}
}

/* Of relations' kinds, a composite type's alone is not an ALTER TABLE. */
static void
owner_effects(MigEffects *e, AlterOwnerStmt *stmt)
{
	MigRel	   *rel;

	if (stmt->objectType != OBJECT_TYPE || !IsA(stmt->object, List))
		return;
	rel = mig_effects_find_list(e, castNode(List, stmt->object));
	if (rel && rel->kind == RELKIND_COMPOSITE_TYPE &&
		rel->owner != get_rolespec_oid(stmt->newowner, true))
		mig_effects_lock(e, rel, AccessExclusiveLock);
}

static void
statement_effects(MigEffects *e, Node *stmt)
{
	ListCell   *lc;

	check_stack_depth();
	if (mig_effects_is_query(stmt))
	{
		mig_effects_query(e, stmt, MIG_QUERY_RUN);
		return;
	}
	switch (nodeTag(stmt))
	{
		case T_AlterTableStmt:
			mig_effects_alter_table(e, (AlterTableStmt *) stmt);
			break;
		case T_CreateStmt:
			mig_effects_create_table(e, (CreateStmt *) stmt);
			break;
		case T_CreateForeignTableStmt:
			mig_effects_create_table(e, &((CreateForeignTableStmt *) stmt)->base);
			break;
		case T_IndexStmt:
			mig_effects_create_index(e, (IndexStmt *) stmt);
			break;
		case T_DropStmt:
			mig_effects_drop(e, (DropStmt *) stmt);
			break;
		case T_CopyStmt:
			mig_effects_copy(e, (CopyStmt *) stmt);
			break;
		case T_CreateTableAsStmt:
			create_as_effects(e, (CreateTableAsStmt *) stmt, MIG_QUERY_RUN);
			break;
		case T_ViewStmt:
			view_effects(e, (ViewStmt *) stmt);
			break;
		case T_TruncateStmt:
			mig_effects_truncate(e, (TruncateStmt *) stmt);
			break;
		case T_ReindexStmt:
			mig_effects_reindex(e, (ReindexStmt *) stmt);
			break;
		case T_ClusterStmt:
			mig_effects_cluster(e, (ClusterStmt *) stmt);
			break;
		case T_VacuumStmt:
			mig_effects_vacuum(e, (VacuumStmt *) stmt);
			break;
		case T_RefreshMatViewStmt:
			mig_effects_refresh(e, (RefreshMatViewStmt *) stmt);
			break;
		case T_LockStmt:
			lock_effects(e, (LockStmt *) stmt);
			break;
		case T_CreateTrigStmt:
			trigger_effects(e, (CreateTrigStmt *) stmt);
			break;
		case T_RuleStmt:
			rule_effects(e, (RuleStmt *) stmt);
			break;
		case T_CreatePolicyStmt:
			policy_effects(e, ((CreatePolicyStmt *) stmt)->table,
						   ((CreatePolicyStmt *) stmt)->qual,
						   ((CreatePolicyStmt *) stmt)->with_check);
			break;
		case T_AlterPolicyStmt:
			policy_effects(e, ((AlterPolicyStmt *) stmt)->table,
						   ((AlterPolicyStmt *) stmt)->qual,
						   ((AlterPolicyStmt *) stmt)->with_check);
			break;
		case T_CreateStatsStmt:
			statistics_effects(e, (CreateStatsStmt *) stmt);
			break;
		case T_CommentStmt:
			object_effects(e, ((CommentStmt *) stmt)->objtype,
						   ((CommentStmt *) stmt)->object, ShareUpdateExclusiveLock);
			break;
		case T_SecLabelStmt:
			object_effects(e, ((SecLabelStmt *) stmt)->objtype,
						   ((SecLabelStmt *) stmt)->object, ShareUpdateExclusiveLock);
			break;
		case T_AlterExtensionContentsStmt:
			object_effects(e, ((AlterExtensionContentsStmt *) stmt)->objtype,
						   ((AlterExtensionContentsStmt *) stmt)->object,
						   ShareUpdateExclusiveLock);
			break;
		case T_AlterObjectDependsStmt:
			{
				AlterObjectDependsStmt *depends = (AlterObjectDependsStmt *) stmt;

				if (depends->relation)
					mig_effects_lock(e, mig_effects_find(e, depends->relation),
									 AccessExclusiveLock);
				break;
			}
		case T_GrantStmt:
			grant_effects(e, (GrantStmt *) stmt);
			break;
		case T_RenameStmt:
			rename_effects(e, (RenameStmt *) stmt);
			break;
		case T_AlterObjectSchemaStmt:
			set_schema_effects(e, (AlterObjectSchemaStmt *) stmt);
			break;
		case T_AlterDomainStmt:
			domain_effects(e, (AlterDomainStmt *) stmt);
			break;
		case T_AlterSeqStmt:
			alter_sequence_effects(e, (AlterSeqStmt *) stmt);
			break;
		case T_CreateSeqStmt:
			mig_effects_lock(e, owned_by(e, ((CreateSeqStmt *) stmt)->options),
							 AccessShareLock);
			break;
		case T_CreatePublicationStmt:
			publication_effects(e, ((CreatePublicationStmt *) stmt)->pubobjects, NULL);
			break;
		case T_AlterPublicationStmt:
			publication_effects(e, ((AlterPublicationStmt *) stmt)->pubobjects,
								((AlterPublicationStmt *) stmt)->action == AP_SetObjects ?
								((AlterPublicationStmt *) stmt)->pubname : NULL);
			break;
		case T_AlterTableMoveAllStmt:
			mig_effects_move_all(e, (AlterTableMoveAllStmt *) stmt);
			break;
		case T_ExplainStmt:
			{
				ExplainStmt *explain = (ExplainStmt *) stmt;
				MigQueryStage stage = mig_effects_option(explain->options, "analyze") ?
					MIG_QUERY_RUN : MIG_QUERY_PLANNED;

				if (mig_effects_is_query(explain->query))
					mig_effects_query(e, explain->query, stage);
				else if (IsA(explain->query, CreateTableAsStmt))
					create_as_effects(e, (CreateTableAsStmt *) explain->query, stage);
				else if (IsA(explain->query, DeclareCursorStmt))
					mig_effects_query(e, ((DeclareCursorStmt *) explain->query)->query, stage);
				break;
			}
		case T_PrepareStmt:
			mig_effects_query(e, ((PrepareStmt *) stmt)->query, MIG_QUERY_ANALYSED);
			break;
		case T_DeclareCursorStmt:
			mig_effects_query(e, ((DeclareCursorStmt *) stmt)->query, MIG_QUERY_PLANNED);
			break;
		case T_CreateSchemaStmt:
			create_schema_effects(e, (CreateSchemaStmt *) stmt);
			break;
		case T_CompositeTypeStmt:
			foreach(lc, ((CompositeTypeStmt *) stmt)->coldeflist)
				mig_effects_column_needs(e, lfirst_node(ColumnDef, lc));
			break;
		case T_DropOwnedStmt:
			mig_effects_owned(e, ((DropOwnedStmt *) stmt)->roles, true);
			break;
		case T_ReassignOwnedStmt:
			mig_effects_owned(e, ((ReassignOwnedStmt *) stmt)->roles, false);
			break;
		case T_CreateFunctionStmt:
			function_effects(e, (CreateFunctionStmt *) stmt);
			break;
		case T_AlterOwnerStmt:
			owner_effects(e, (AlterOwnerStmt *) stmt);
			break;
		default:
			break;
	}
}

/*
 * mig_effects
 *		What a statement would do to the relations of a world.
 */
List *
mig_effects(MigWorld *world, const MigStatement *stmt)
{
	MigEffects	e = {0};
	ListCell   *lc;

	e.world = world;
	e.stmt = stmt;
	e.source = stmt->source;
	statement_effects(&e, stmt->raw->stmt);
	foreach(lc, e.named)
	{
		MigEffect  *effect = find_effect(&e, lfirst(lc));

		if (effect)
			effect->named = true;
	}
	if (e.by_rel)
		hash_destroy(e.by_rel);
	return e.list;
}

/*
 * mig_effect_strongest
 *		The mode that conflicts with most others.
 */
LOCKMODE
mig_effect_strongest(const MigEffect *effect)
{
	LOCKMODE	mode;

	for (mode = AccessExclusiveLock; mode > NoLock; mode--)
		if (effect->modes & LOCKBIT_ON(mode))
			return mode;
	return NoLock;
}

static bool
conflicts(const MigEffect *effect, LOCKMODE with)
{
	LOCKMODE	mode;

	for (mode = AccessShareLock; mode <= AccessExclusiveLock; mode++)
		if ((effect->modes & LOCKBIT_ON(mode)) && DoLockModesConflict(mode, with))
			return true;
	return false;
}

/*
 * mig_effect_blocks_reads
 *		Does a plain SELECT wait; for one of its indexes, of the table.
 */
bool
mig_effect_blocks_reads(const MigEffect *effect)
{
	return conflicts(effect, AccessShareLock);
}

/*
 * mig_effect_blocks_writes
 *		Do INSERT, UPDATE and DELETE wait; they lock a table's indexes too.
 */
bool
mig_effect_blocks_writes(const MigEffect *effect)
{
	return conflicts(effect, RowExclusiveLock);
}
