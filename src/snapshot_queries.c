/*-------------------------------------------------------------------------
 *
 * snapshot_queries.c
 *	  What a snapshot reads of the catalogs: one statement for each kind of
 *	  object, over all of them at once.
 *
 * They run with search_path = pg_catalog, pg_temp, as snapshot.c sets it, so
 * that no operator or function of a user takes part, and regclass and the like
 * write every name with its schema.  A column of a result is the component that
 * it is called after, but for these: kind, identity, acl (privileges, as they
 * differ from those by default), grantor (who is the owner for that), and rule
 * (whose uses are a part of the definition).  $1 are the OIDs of what a
 * statement has to tell, where it does not tell all.
 *
 * Nothing of it may depend on OIDs, column numbers, or the server's version.
 * Versions of server that word something in ways of their own have that in
 * "text", which is compared only with a server of the same major version.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"

#include "compat.h"
#include "snapshot.h"

#include "catalog/pg_aggregate.h"
#include "catalog/pg_am.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_cast.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_conversion.h"
#include "catalog/pg_default_acl.h"
#include "catalog/pg_event_trigger.h"
#include "catalog/pg_foreign_data_wrapper.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_language.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_publication.h"
#include "catalog/pg_publication_namespace.h"
#include "catalog/pg_publication_rel.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_seclabel.h"
#include "catalog/pg_sequence.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_subscription.h"
#include "catalog/pg_transform.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_ts_config.h"
#include "catalog/pg_ts_dict.h"
#include "catalog/pg_ts_parser.h"
#include "catalog/pg_ts_template.h"
#include "catalog/pg_type.h"
#include "catalog/pg_user_mapping.h"

/* What extensions own, and what is in schemas that are nobody's. */
#define MEMBERS(class) \
	"(SELECT e.objid FROM pg_catalog.pg_depend e" \
	" WHERE e.refclassid = 'pg_catalog.pg_extension'::regclass AND e.deptype = 'e'" \
	" AND e.classid = 'pg_catalog." class "'::regclass)"
#define OWN_SCHEMA "n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'"
#define NO_MEMBER(class, alias) alias ".oid NOT IN " MEMBERS(class)
#define RELATION_OF(oid) \
	" JOIN pg_catalog.pg_class c ON c.oid = " oid \
	" JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
#define OWN_RELATION \
	OWN_SCHEMA " AND c.relpersistence <> 't' AND " NO_MEMBER("pg_class", "c")
/* What is in no schema is the server's own if initdb made it. */
#define OWN(class, alias) alias ".oid >= 16384 AND " NO_MEMBER(class, alias)

/* What a range has of its own. */
#define MADE_WITH_TYPE(class) \
	"SELECT d.objid FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog." class "'::regclass" \
	" AND d.refclassid = 'pg_catalog.pg_type'::regclass AND d.deptype = 'i'"

#define RELATION "quote_ident(n.nspname) || '.' || quote_ident(c.relname)"
#define NAMED(alias, name) "quote_ident(n.nspname) || '.' || quote_ident(" alias "." name ")"
#define ON_RELATION(name) "quote_ident(" name ") || ' on ' || " RELATION
#define COMMENT(class, oid) \
	"(SELECT m.description FROM pg_catalog.pg_description m WHERE m.objoid = " oid \
	" AND m.classoid = 'pg_catalog." class "'::regclass AND m.objsubid = 0) AS comment"
/* The same where there are many objects and few comments. */
#define MANY_COMMENTS(alias, class, oid) \
	" LEFT JOIN pg_catalog.pg_description " alias " ON " alias ".objoid = " oid " AND " alias ".objoid >= 16384" \
	" AND " alias ".classoid = 'pg_catalog." class "'::regclass AND " alias ".objsubid = 0"
#define FLAG(condition, words) "CASE WHEN " condition " THEN " words " END"
#define FUNCTION(label, oid) FLAG(oid " <> 0", "'" label " ' || " oid "::regprocedure::text")
#define ROLE(oid) oid "::regrole::text"

/* An array of options in an order of their own; NULL if there are none. */
#define SORTED(array) \
	"(SELECT string_agg(o, ', ' ORDER BY o COLLATE \"C\") FROM unnest(" array ") o)"
#define OPTIONS(array) FLAG(array " IS NOT NULL", "'OPTIONS (' || " SORTED(array) " || ')'")
#define RELOPTIONS(array) FLAG(array " IS NOT NULL", "'WITH (' || " SORTED(array) " || ')'")
#define TABLESPACE \
	FLAG("c.reltablespace <> 0", "'TABLESPACE ' || (SELECT quote_ident(s.spcname)" \
		 " FROM pg_catalog.pg_tablespace s WHERE s.oid = c.reltablespace)")
/* 2 is heap's OID */
#define METHOD \
	FLAG("c.relam NOT IN (0, 2)", "(SELECT 'USING ' || quote_ident(am.amname)" \
		 " FROM pg_catalog.pg_am am WHERE am.oid = c.relam)")
#define TOAST \
	FLAG("c.reltoastrelid IN (SELECT t.oid FROM pg_catalog.pg_class t WHERE t.relkind = 't' AND t.reloptions IS NOT NULL)", \
		 "(SELECT 'TOAST (' || " SORTED("t.reloptions") " || ')' FROM pg_catalog.pg_class t" \
		 " WHERE t.oid = c.reltoastrelid)")
#define REPLICA_IDENTITY \
	"CASE c.relreplident WHEN 'f' THEN 'REPLICA IDENTITY FULL'" \
	" WHEN 'n' THEN CASE WHEN c.relkind <> 'f' THEN 'REPLICA IDENTITY NOTHING' END" \
	" WHEN 'i' THEN 'REPLICA IDENTITY USING INDEX ' || (SELECT i.indexrelid::regclass::text" \
	" FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisreplident) END"
#define COLLATION(attribute, type) \
	FLAG(attribute " <> 0 AND " attribute " <> " type, "'COLLATE ' || " attribute "::regcollation::text")

#define TARGET(attribute) FLAG("coalesce(" attribute ", -1) >= 0", "'STATISTICS ' || " attribute)

#define STORAGE_NAME(attribute) \
	"CASE " attribute " WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL'" \
	" WHEN 'm' THEN 'MAIN' WHEN 'x' THEN 'EXTENDED' END"

/* What is to be dropped with an extension that it is not of. */
#define DEPENDING(class) \
	"FROM pg_catalog.pg_depend e JOIN pg_catalog.pg_extension x ON x.oid = e.refobjid" \
	" WHERE e.refclassid = 'pg_catalog.pg_extension'::regclass AND e.deptype = 'x'" \
	" AND e.classid = 'pg_catalog." class "'::regclass"
#define EXTENSIONS(class, oid) \
	FLAG(oid " IN (SELECT e.objid " DEPENDING(class) ")", \
		 "(SELECT 'DEPENDS ON EXTENSION ' || string_agg(quote_ident(x.extname), ', ' ORDER BY x.extname COLLATE \"C\") " \
		 DEPENDING(class) " AND e.objid = " oid ")")

/* What indexes there are; those that are plain are behind no constraint. */
#define HAS_EXPRESSIONS "i.indexprs IS NOT NULL OR i.indpred IS NOT NULL"

const char *const mig_snapshot_indexes =
"SELECT " NAMED("x", "relname") " AS identity, i.indrelid, i.indexrelid, k.oid IS NULL AS plain,"
" " HAS_EXPRESSIONS " AS complex, x.reloptions,"
" NULLIF(concat_ws(' ', "
FLAG("x.relispartition", "'PARTITION OF ' || (SELECT h.inhparent::regclass::text"
	 " FROM pg_catalog.pg_inherits h WHERE h.inhrelid = i.indexrelid)") ", "
FLAG("NOT i.indisvalid", "'INVALID'") ", " EXTENSIONS("pg_class", "i.indexrelid") "), '') AS state, NULLIF(concat_ws(' ', "
RELOPTIONS("x.reloptions") ", " FLAG("i.indisclustered", "'CLUSTER'") ", "
FLAG("i.indexprs IS NOT NULL", "(SELECT string_agg('STATISTICS ' || a.attstattarget || ' ON '"
	 " || a.attnum, ', ' ORDER BY a.attnum) FROM pg_catalog.pg_attribute a"
	 " WHERE a.attrelid = i.indexrelid AND a.attstattarget >= 0)") ", "
FLAG("x.reltablespace <> 0", "'TABLESPACE ' || (SELECT quote_ident(s.spcname)"
	 " FROM pg_catalog.pg_tablespace s WHERE s.oid = x.reltablespace)")
"), '') AS storage, cm.description,"
" i.indisunique, x.relkind = 'I', i.indnullsnotdistinct, quote_ident(x.relname), quote_ident(am.amname), x.relam,"
" i.indnkeyatts, i.indkey, i.indcollation, i.indclass, i.indoption, "
FLAG("k.contype <> 'x' AND NOT " MIG_SNAPSHOT_PERIOD, ON_RELATION("k.conname")) ", k.contype = 'p',"
" k.condeferrable, k.condeferred, kc.description"
" FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid"
" JOIN pg_catalog.pg_am am ON am.oid = x.relam"
MANY_COMMENTS("cm", "pg_class", "x.oid")
RELATION_OF("i.indrelid")
" LEFT JOIN pg_catalog.pg_constraint k ON k.conindid = i.indexrelid AND k.conrelid = i.indrelid"
" AND k.contype IN ('p', 'u', 'x')" MANY_COMMENTS("kc", "pg_constraint", "k.oid") " WHERE i.indexrelid = ANY ($1)";

const MigSnapshotQuery mig_snapshot_queries[] = {
	{
		"table", OBJECT_TABLE, RelationRelationId, InvalidOid,
		"SELECT CASE c.relkind WHEN 'f' THEN 'foreign table' ELSE 'table' END AS kind, "
		RELATION " AS identity, concat_ws(' ',"
		" CASE WHEN c.relkind = 'f' THEN 'FOREIGN TABLE' WHEN c.relpersistence = 'u' THEN 'UNLOGGED TABLE'"
		" ELSE 'TABLE' END, "
		FLAG("c.reloftype <> 0", "'OF ' || c.reloftype::regtype::text") ","
		" CASE WHEN c.oid IN (SELECT i.inhrelid FROM pg_catalog.pg_inherits i) THEN"
		" (SELECT CASE WHEN c.relispartition THEN 'PARTITION OF ' ELSE 'INHERITS ' END"
		" || string_agg(i.inhparent::regclass::text || CASE WHEN i.inhdetachpending THEN ' DETACH PENDING'"
		" ELSE '' END, ', ' ORDER BY i.inhseqno) FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid) END, "
		FLAG("c.relpartbound IS NOT NULL", "pg_get_expr(c.relpartbound, c.oid)") ", "
		FLAG("c.relkind = 'p'", "'PARTITION BY ' || pg_get_partkeydef(c.oid)") ", "
		FLAG("c.relrowsecurity", "'ENABLE ROW LEVEL SECURITY'") ", "
		FLAG("c.relforcerowsecurity", "'FORCE ROW LEVEL SECURITY'") ", " REPLICA_IDENTITY ", "
		FLAG("c.relkind = 'f'",
			 "(SELECT concat_ws(' ', 'SERVER ' || quote_ident(s.srvname), " OPTIONS("f.ftoptions") ")"
			 " FROM pg_catalog.pg_foreign_table f JOIN pg_catalog.pg_foreign_server s ON s.oid = f.ftserver"
			 " WHERE f.ftrelid = c.oid)") ") AS definition, "
		"NULLIF(concat_ws(' ', " METHOD ", " RELOPTIONS("c.reloptions") ", " TOAST ", " TABLESPACE
		"), '') AS storage, c.relowner AS owner, c.relacl AS acl, cm.description AS comment"
		" FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
		MANY_COMMENTS("cm", "pg_class", "c.oid")
		" WHERE c.oid = ANY ($1)"
	},
	{
		/* Its columns and query are told with the columns of all relations. */
		"view", OBJECT_TABLE, RewriteRelationId, InvalidOid,
		"SELECT CASE c.relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END AS kind, "
		RELATION " AS identity, concat_ws(' ', "
		FLAG("c.relkind = 'v'", RELOPTIONS("c.reloptions")) ", "
		FLAG("c.relkind = 'm'", REPLICA_IDENTITY) ", " EXTENSIONS("pg_class", "c.oid") ") AS definition, r.oid AS rule, "
		"NULLIF(concat_ws(' ', " METHOD ", "
		FLAG("c.relkind = 'm'", RELOPTIONS("c.reloptions")) ", " TOAST ", " TABLESPACE
		"), '') AS storage, c.relowner AS owner, c.relacl AS acl, cm.description AS comment"
		" FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
		MANY_COMMENTS("cm", "pg_class", "c.oid")
		" JOIN pg_catalog.pg_rewrite r ON r.ev_class = c.oid AND r.rulename = '_RETURN'"
			" WHERE c.oid = ANY ($1)"
	},
	{
		"rule", 0, RewriteRelationId, RewriteOidIndexId,
		"SELECT " ON_RELATION("r.rulename") " AS identity, concat_ws(' ', CASE r.ev_type"
		" WHEN '1' THEN 'SELECT' WHEN '2' THEN 'UPDATE' WHEN '3' THEN 'INSERT' ELSE 'DELETE' END, "
		FLAG("r.is_instead", "'INSTEAD'") ", "
		"CASE r.ev_enabled WHEN 'D' THEN 'DISABLED' WHEN 'R' THEN 'ENABLE REPLICA'"
		" WHEN 'A' THEN 'ENABLE ALWAYS' END) AS definition, r.oid AS rule, pg_get_ruledef(r.oid) AS text, "
		COMMENT("pg_rewrite", "r.oid") " FROM pg_catalog.pg_rewrite r" RELATION_OF("r.ev_class")
			" WHERE r.rulename <> '_RETURN' AND " OWN_RELATION
	},
	{
		"sequence", OBJECT_SEQUENCE, SequenceRelationId, SequenceRelidIndexId,
		"SELECT " RELATION " AS identity, concat_ws(' ', " FLAG("c.relpersistence = 'u'", "'UNLOGGED'") ","
		" 'AS', format_type(s.seqtypid, NULL), 'INCREMENT', s.seqincrement, 'MINVALUE', s.seqmin,"
		" 'MAXVALUE', s.seqmax, 'START', s.seqstart, 'CACHE', s.seqcache, " FLAG("s.seqcycle", "'CYCLE'") ","
		" (SELECT 'OWNED BY ' || d.refobjid::regclass::text || '.' || quote_ident(a.attname)"
		" FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid"
		" AND a.attnum = d.refobjsubid WHERE d.classid = 'pg_catalog.pg_class'::regclass"
		" AND d.objid = c.oid AND d.objsubid = 0 AND d.refclassid = 'pg_catalog.pg_class'::regclass"
		" AND d.deptype IN ('a', 'i'))) AS definition,"
		" c.relowner AS owner, c.relacl AS acl, " COMMENT("pg_class", "c.oid")
		" FROM pg_catalog.pg_sequence s" RELATION_OF("s.seqrelid") " WHERE " OWN_RELATION
	},
	{
		/* Others are told with columns, NOT NULL, and with their indexes. */
		"constraint", 0, ConstraintRelationId, InvalidOid,
		"SELECT " ON_RELATION("k.conname") " AS identity, pg_get_constraintdef(k.oid) AS definition,"
		" cm.description AS comment FROM pg_catalog.pg_constraint k" RELATION_OF("k.conrelid")
		MANY_COMMENTS("cm", "pg_constraint", "k.oid")
		" WHERE k.oid = ANY ($1)"
	},
	{
		"constraint", 0, ConstraintRelationId, ConstraintTypidIndexId,
		"SELECT quote_ident(k.conname) || ' on ' || " NAMED("t", "typname") " AS identity,"
		" pg_get_constraintdef(k.oid) AS definition, " COMMENT("pg_constraint", "k.oid")
		" FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_type t ON t.oid = k.contypid"
		" JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace"
		" WHERE k.contype = 'c' AND " OWN_SCHEMA " AND " NO_MEMBER("pg_type", "t")
	},
	{
		"trigger", 0, TriggerRelationId, TriggerOidIndexId,
		"SELECT " ON_RELATION("g.tgname") " AS identity, concat_ws(' ', pg_get_triggerdef(g.oid),"
		" CASE g.tgenabled WHEN 'D' THEN 'DISABLED' WHEN 'R' THEN 'ENABLE REPLICA'"
		" WHEN 'A' THEN 'ENABLE ALWAYS' END, " EXTENSIONS("pg_trigger", "g.oid") ") AS definition, " COMMENT("pg_trigger", "g.oid")
		" FROM pg_catalog.pg_trigger g LEFT JOIN pg_catalog.pg_trigger p ON p.oid = g.tgparentid"
		RELATION_OF("g.tgrelid") " WHERE NOT g.tgisinternal"
		" AND (p.oid IS NULL OR p.tgenabled <> g.tgenabled) AND " OWN_RELATION
	},
	{
		/* A query in an expression is worded like one of a view. */
		"policy", 0, PolicyRelationId, PolicyOidIndexId,
		"SELECT " ON_RELATION("p.polname") " AS identity, concat_ws(' ',"
		" CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,"
		" 'FOR', CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE'"
		" WHEN 'd' THEN 'DELETE' ELSE 'ALL' END, 'TO', (SELECT string_agg(r, ', ' ORDER BY r COLLATE \"C\")"
		" FROM (SELECT CASE o WHEN 0 THEN 'PUBLIC' ELSE " ROLE("o") " END FROM unnest(p.polroles) o) x (r)), "
		FLAG("NOT x.worded", "x.body") ") AS definition, " FLAG("x.worded", "x.body") " AS text, "
		COMMENT("pg_policy", "p.oid") " FROM pg_catalog.pg_policy p" RELATION_OF("p.polrelid")
		", LATERAL (SELECT concat_ws(' ', 'USING (' || pg_get_expr(p.polqual, p.polrelid) || ')',"
		" 'WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')'),"
		" concat(p.polqual::text, p.polwithcheck::text) LIKE '%{SUBLINK %') AS x (body, worded) WHERE " OWN_RELATION
	},
	{
		"statistics object", 0, StatisticExtRelationId, StatisticExtOidIndexId,
		"SELECT " NAMED("s", "stxname") " AS identity, pg_get_statisticsobjdef(s.oid) AS definition, "
		TARGET("s.stxstattarget") " AS storage, s.stxowner AS owner, " COMMENT("pg_statistic_ext", "s.oid")
		" FROM pg_catalog.pg_statistic_ext s JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace"
		" WHERE " OWN_SCHEMA " AND " NO_MEMBER("pg_statistic_ext", "s")
	},
	{
		"function", OBJECT_FUNCTION, ProcedureRelationId, ProcedureOidIndexId,
		"SELECT CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END AS kind,"
		" p.oid::regprocedure::text AS identity, concat(CASE WHEN p.prosqlbody IS NULL THEN pg_get_functiondef(p.oid)"
		" ELSE replace(pg_get_functiondef(p.oid), pg_get_function_sqlbody(p.oid), '') END, "
		EXTENSIONS("pg_proc", "p.oid") ") AS definition, "
		FLAG("p.prosqlbody IS NOT NULL", "pg_get_function_sqlbody(p.oid)") " AS text,"
		" p.proowner AS owner, p.proacl AS acl, " COMMENT("pg_proc", "p.oid")
		" FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace"
		" WHERE p.prokind <> 'a' AND p.oid NOT IN (" MADE_WITH_TYPE("pg_proc") ") AND " OWN_SCHEMA " AND " NO_MEMBER("pg_proc", "p")
	},
#define FINAL(letter) \
	"CASE a." letter " WHEN 'r' THEN 'READ_ONLY' WHEN 's' THEN 'SHAREABLE' WHEN 'w' THEN 'READ_WRITE' END"
#define PRO(label, column) \
	FLAG("a." column " <> 0", "'" label " = ' || a." column "::regprocedure::text")
	{
		"aggregate", OBJECT_FUNCTION, AggregateRelationId, AggregateFnoidIndexId,
		"SELECT p.oid::regprocedure::text AS identity, concat_ws(', ', '(' || pg_get_function_arguments(p.oid)"
		" || ') RETURNS ' || pg_get_function_result(p.oid),"
		" CASE a.aggkind WHEN 'o' THEN 'ORDERED SET ' || a.aggnumdirectargs"
		" WHEN 'h' THEN 'HYPOTHETICAL ' || a.aggnumdirectargs END, "
		PRO("SFUNC", "aggtransfn") ", 'STYPE = ' || a.aggtranstype::regtype::text, "
		FLAG("a.aggtransspace <> 0", "'SSPACE = ' || a.aggtransspace") ", "
		PRO("FINALFUNC", "aggfinalfn") ", " FLAG("a.aggfinalextra", "'FINALFUNC_EXTRA'") ", "
		"'FINALFUNC_MODIFY = ' || " FINAL("aggfinalmodify") ", "
		PRO("COMBINEFUNC", "aggcombinefn") ", " PRO("SERIALFUNC", "aggserialfn") ", "
		PRO("DESERIALFUNC", "aggdeserialfn") ", 'INITCOND = ' || quote_literal(a.agginitval), "
		PRO("MSFUNC", "aggmtransfn") ", " PRO("MINVFUNC", "aggminvtransfn") ", "
		FLAG("a.aggmtranstype <> 0", "'MSTYPE = ' || a.aggmtranstype::regtype::text") ", "
		FLAG("a.aggmtransspace <> 0", "'MSSPACE = ' || a.aggmtransspace") ", "
		PRO("MFINALFUNC", "aggmfinalfn") ", " FLAG("a.aggmfinalextra", "'MFINALFUNC_EXTRA'") ", "
		FLAG("a.aggmfinalfn <> 0", "'MFINALFUNC_MODIFY = ' || " FINAL("aggmfinalmodify")) ", "
		"'MINITCOND = ' || quote_literal(a.aggminitval), "
		FLAG("a.aggsortop <> 0", "'SORTOP = ' || a.aggsortop::regoperator::text") ", "
		"CASE p.proparallel WHEN 's' THEN 'PARALLEL SAFE' WHEN 'r' THEN 'PARALLEL RESTRICTED' END)"
		" AS definition, p.proowner AS owner, p.proacl AS acl, " COMMENT("pg_proc", "p.oid")
		" FROM pg_catalog.pg_aggregate a JOIN pg_catalog.pg_proc p ON p.oid = a.aggfnoid"
		" JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace"
		" WHERE " OWN_SCHEMA " AND " NO_MEMBER("pg_proc", "p")
	},
#define REGPROC(label, column) FLAG("t." column " <> 0", "'" label " = ' || t." column "::text")
	{
		/* Of arrays, multiranges and tables' row types others tell. */
		"type", OBJECT_TYPE, TypeRelationId, InvalidOid,
		"SELECT CASE t.typtype WHEN 'd' THEN 'domain' ELSE 'type' END AS kind, "
		NAMED("t", "typname") " AS identity, CASE t.typtype"
		" WHEN 'd' THEN concat_ws(' ', 'DOMAIN', format_type(t.typbasetype, t.typtypmod), "
		COLLATION("t.typcollation", "b.typcollation") ", " FLAG("t.typnotnull", "'NOT NULL'") ")"
		" WHEN 'c' THEN 'COMPOSITE'"
		" WHEN 'p' THEN 'SHELL'"
		" WHEN 'e' THEN (SELECT 'ENUM (' || coalesce(string_agg(quote_literal(l.enumlabel), ', ' ORDER BY l.enumsortorder), '')"
		" || ')' FROM pg_catalog.pg_enum l WHERE l.enumtypid = t.oid)"
		" WHEN 'r' THEN (SELECT concat_ws(', ', 'RANGE subtype = ' || g.rngsubtype::regtype::text,"
		" 'multirange_type_name = ' || g.rngmultitypid::regtype::text,"
		" 'subtype_opclass = ' || (SELECT quote_ident(s.nspname) || '.' || quote_ident(o.opcname)"
		" FROM pg_catalog.pg_opclass o JOIN pg_catalog.pg_namespace s ON s.oid = o.opcnamespace"
		" WHERE o.oid = g.rngsubopc), "
		FLAG("g.rngcollation <> 0", "'collation = ' || g.rngcollation::regcollation::text") ", "
		FLAG("g.rngcanonical <> 0", "'canonical = ' || g.rngcanonical::text") ", "
		FLAG("g.rngsubdiff <> 0", "'subtype_diff = ' || g.rngsubdiff::text")
		") FROM pg_catalog.pg_range g WHERE g.rngtypid = t.oid)"
		" ELSE concat_ws(', ', 'BASE input = ' || t.typinput::text, 'output = ' || t.typoutput::text, "
		REGPROC("receive", "typreceive") ", " REGPROC("send", "typsend") ", "
		REGPROC("typmod_in", "typmodin") ", " REGPROC("typmod_out", "typmodout") ", "
		REGPROC("analyze", "typanalyze") ", " REGPROC("subscript", "typsubscript") ", "
		"'internallength = ' || t.typlen, " FLAG("t.typbyval", "'passedbyvalue'") ", "
		"'alignment = ' || t.typalign::text, 'storage = ' || " STORAGE_NAME("t.typstorage") ", "
		"'category = ' || quote_literal(t.typcategory::text), " FLAG("t.typispreferred", "'preferred'") ", "
		FLAG("t.typelem <> 0", "'element = ' || t.typelem::regtype::text") ", "
		"'delimiter = ' || quote_literal(t.typdelim::text), " FLAG("t.typcollation <> 0", "'collatable'")
		") END AS definition, coalesce(" FLAG("t.typdefaultbin IS NOT NULL", "pg_get_expr(t.typdefaultbin, 0)")
		", quote_literal(t.typdefault)) AS default, t.typowner AS owner, t.typacl AS acl, "
		COMMENT("pg_type", "t.oid")
		" FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace"
		" LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype"
		" WHERE t.oid = ANY ($1)"
	},
	{
		"operator", 0, OperatorRelationId, OperatorOidIndexId,
		"SELECT o.oid::regoperator::text AS identity, concat_ws(', ', 'FUNCTION = ' || o.oprcode::oid::regprocedure::text, "
		FLAG("o.oprcom <> 0", "'COMMUTATOR = ' || o.oprcom::regoperator::text") ", "
		FLAG("o.oprnegate <> 0", "'NEGATOR = ' || o.oprnegate::regoperator::text") ", "
		FLAG("o.oprrest <> 0", "'RESTRICT = ' || o.oprrest::text") ", "
		FLAG("o.oprjoin <> 0", "'JOIN = ' || o.oprjoin::text") ", "
		FLAG("o.oprcanhash", "'HASHES'") ", " FLAG("o.oprcanmerge", "'MERGES'")
		") AS definition, o.oprowner AS owner, " COMMENT("pg_operator", "o.oid")
		" FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace"
		" WHERE " OWN_SCHEMA " AND " NO_MEMBER("pg_operator", "o")
	},
#define METHOD_OF(oid) "(SELECT quote_ident(m.amname) FROM pg_catalog.pg_am m WHERE m.oid = " oid ")"
#define FAMILY_OF(oid) \
	"(SELECT quote_ident(s.nspname) || '.' || quote_ident(f.opfname) FROM pg_catalog.pg_opfamily f" \
	" JOIN pg_catalog.pg_namespace s ON s.oid = f.opfnamespace WHERE f.oid = " oid ")"
/* Of a class and of a family, what pg_dump tells with them. */
#define OF_CLASS(class, alias) \
	"FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog." class "'::regclass AND d.objid = " alias ".oid" \
	" AND d.refclassid = 'pg_catalog.pg_opclass'::regclass"
#define MEMBERS_OF(operators, functions) \
	"(SELECT string_agg(x.member, ', ' ORDER BY x.member COLLATE \"C\") FROM (" \
	"SELECT 'OPERATOR ' || a.amopstrategy || ' ' || a.amopopr::regoperator::text" \
	" || coalesce(' FOR ORDER BY ' || " FAMILY_OF("a.amopsortfamily") ", '') AS member" \
	" FROM pg_catalog.pg_amop a WHERE " operators " UNION ALL" \
	" SELECT 'FUNCTION ' || a.amprocnum || ' (' || a.amproclefttype::regtype::text || ', '" \
	" || a.amprocrighttype::regtype::text || ') ' || a.amproc::oid::regprocedure::text" \
	" FROM pg_catalog.pg_amproc a WHERE " functions ") x)"
	{
		"operator class", 0, OperatorClassRelationId, OpclassOidIndexId,
		"SELECT " NAMED("o", "opcname") " || ' USING ' || " METHOD_OF("o.opcmethod") " AS identity,"
		" concat_ws(' ', " FLAG("o.opcdefault", "'DEFAULT'") ", 'FOR TYPE ' || o.opcintype::regtype::text,"
		" 'FAMILY ' || " FAMILY_OF("o.opcfamily") ", "
		FLAG("o.opckeytype <> 0", "'STORAGE ' || o.opckeytype::regtype::text") ", 'AS ' || "
		MEMBERS_OF("a.amopfamily = o.opcfamily AND EXISTS (SELECT " OF_CLASS("pg_amop", "a") " AND d.refobjid = o.oid)",
				   "a.amprocfamily = o.opcfamily AND EXISTS (SELECT " OF_CLASS("pg_amproc", "a") " AND d.refobjid = o.oid)")
		") AS definition, o.opcowner AS owner, " COMMENT("pg_opclass", "o.oid")
		" FROM pg_catalog.pg_opclass o JOIN pg_catalog.pg_namespace n ON n.oid = o.opcnamespace"
		" WHERE " OWN_SCHEMA " AND " NO_MEMBER("pg_opclass", "o")
	},
	{
		"operator family", 0, OperatorFamilyRelationId, OpfamilyOidIndexId,
		"SELECT " NAMED("f", "opfname") " || ' USING ' || " METHOD_OF("f.opfmethod") " AS identity, coalesce("
		MEMBERS_OF("a.amopfamily = f.oid AND NOT EXISTS (SELECT " OF_CLASS("pg_amop", "a") ")",
				   "a.amprocfamily = f.oid AND NOT EXISTS (SELECT " OF_CLASS("pg_amproc", "a") ")")
		", '') AS definition, f.opfowner AS owner, " COMMENT("pg_opfamily", "f.oid")
		" FROM pg_catalog.pg_opfamily f JOIN pg_catalog.pg_namespace n ON n.oid = f.opfnamespace"
		" WHERE " OWN_SCHEMA " AND " NO_MEMBER("pg_opfamily", "f")
	},
	{
		"cast", 0, CastRelationId, CastOidIndexId,
		"SELECT '(' || c.castsource::regtype::text || ' AS ' || c.casttarget::regtype::text || ')' AS identity,"
		" concat_ws(' ', CASE c.castmethod WHEN 'f' THEN 'WITH FUNCTION ' || c.castfunc::regprocedure::text"
		" WHEN 'i' THEN 'WITH INOUT' ELSE 'WITHOUT FUNCTION' END,"
		" CASE c.castcontext WHEN 'a' THEN 'AS ASSIGNMENT' WHEN 'i' THEN 'AS IMPLICIT' END) AS definition, "
		COMMENT("pg_cast", "c.oid") " FROM pg_catalog.pg_cast c WHERE c.oid NOT IN (" MADE_WITH_TYPE("pg_cast") ") AND "
		OWN("pg_cast", "c")
	},
	{
		/* What an ICU locale is called depends on the version, its value not. */
		"collation", 0, CollationRelationId, CollationOidIndexId,
		"SELECT " NAMED("l", "collname") " AS identity, concat_ws(', ', CASE l.collprovider WHEN 'c' THEN 'libc'"
		" WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' WHEN 'd' THEN 'default' END,"
		" 'LC_COLLATE = ' || quote_literal(j.r ->> 'collcollate'), 'LC_CTYPE = ' || quote_literal(j.r ->> 'collctype'),"
		" 'LOCALE = ' || quote_literal(coalesce(j.r ->> 'colllocale', j.r ->> 'colliculocale')),"
		" 'RULES = ' || quote_literal(j.r ->> 'collicurules'), " FLAG("NOT l.collisdeterministic", "'NONDETERMINISTIC'")
		") AS definition, l.collowner AS owner, " COMMENT("pg_collation", "l.oid")
		" FROM pg_catalog.pg_collation l JOIN pg_catalog.pg_namespace n ON n.oid = l.collnamespace,"
		" LATERAL (SELECT to_jsonb(l)) j (r) WHERE " OWN_SCHEMA " AND " NO_MEMBER("pg_collation", "l")
	},
	{
		"conversion", 0, ConversionRelationId, ConversionOidIndexId,
		"SELECT " NAMED("v", "conname") " AS identity, concat_ws(' ', " FLAG("v.condefault", "'DEFAULT'") ","
		" 'FOR', quote_literal(pg_encoding_to_char(v.conforencoding)), 'TO',"
		" quote_literal(pg_encoding_to_char(v.contoencoding)), 'FROM', v.conproc::text) AS definition,"
		" v.conowner AS owner, " COMMENT("pg_conversion", "v.oid")
		" FROM pg_catalog.pg_conversion v JOIN pg_catalog.pg_namespace n ON n.oid = v.connamespace"
		" WHERE " OWN_SCHEMA " AND " NO_MEMBER("pg_conversion", "v")
	},
	{
		"text search parser", 0, TSParserRelationId, TSParserOidIndexId,
		"SELECT " NAMED("p", "prsname") " AS identity, concat_ws(', ', 'START = ' || p.prsstart::text,"
		" 'GETTOKEN = ' || p.prstoken::text, 'END = ' || p.prsend::text, 'LEXTYPES = ' || p.prslextype::text, "
		FLAG("p.prsheadline <> 0", "'HEADLINE = ' || p.prsheadline::text") ") AS definition, "
		COMMENT("pg_ts_parser", "p.oid")
		" FROM pg_catalog.pg_ts_parser p JOIN pg_catalog.pg_namespace n ON n.oid = p.prsnamespace"
		" WHERE " OWN_SCHEMA " AND " NO_MEMBER("pg_ts_parser", "p")
	},
	{
		"text search template", 0, TSTemplateRelationId, TSTemplateOidIndexId,
		"SELECT " NAMED("p", "tmplname") " AS identity, concat_ws(', ', "
		FLAG("p.tmplinit <> 0", "'INIT = ' || p.tmplinit::text") ", 'LEXIZE = ' || p.tmpllexize::text) AS definition, "
		COMMENT("pg_ts_template", "p.oid")
		" FROM pg_catalog.pg_ts_template p JOIN pg_catalog.pg_namespace n ON n.oid = p.tmplnamespace"
		" WHERE " OWN_SCHEMA " AND " NO_MEMBER("pg_ts_template", "p")
	},
	{
		"text search dictionary", 0, TSDictionaryRelationId, TSDictionaryOidIndexId,
		"SELECT " NAMED("d", "dictname") " AS identity, concat_ws(', ', (SELECT 'TEMPLATE = ' || quote_ident(s.nspname)"
		" || '.' || quote_ident(p.tmplname) FROM pg_catalog.pg_ts_template p"
		" JOIN pg_catalog.pg_namespace s ON s.oid = p.tmplnamespace WHERE p.oid = d.dicttemplate), d.dictinitoption)"
		" AS definition, d.dictowner AS owner, " COMMENT("pg_ts_dict", "d.oid")
		" FROM pg_catalog.pg_ts_dict d JOIN pg_catalog.pg_namespace n ON n.oid = d.dictnamespace"
		" WHERE " OWN_SCHEMA " AND " NO_MEMBER("pg_ts_dict", "d")
	},
	{
		"text search configuration", 0, TSConfigRelationId, TSConfigOidIndexId,
		"SELECT " NAMED("g", "cfgname") " AS identity, (SELECT 'PARSER = ' || quote_ident(s.nspname) || '.'"
		" || quote_ident(p.prsname) FROM pg_catalog.pg_ts_parser p"
		" JOIN pg_catalog.pg_namespace s ON s.oid = p.prsnamespace WHERE p.oid = g.cfgparser)"
		" || coalesce(', ' || (SELECT string_agg(x.mapping, ', ' ORDER BY x.mapping COLLATE \"C\") FROM ("
		"SELECT quote_ident(y.alias) || ' WITH ' || string_agg(m.mapdict::regdictionary::text, ', ' ORDER BY m.mapseqno)"
		" FROM pg_catalog.pg_ts_config_map m JOIN ts_token_type(g.cfgparser) y ON y.tokid = m.maptokentype"
		" WHERE m.mapcfg = g.oid GROUP BY y.alias) x (mapping)), '')"
		" AS definition, g.cfgowner AS owner, " COMMENT("pg_ts_config", "g.oid")
		" FROM pg_catalog.pg_ts_config g JOIN pg_catalog.pg_namespace n ON n.oid = g.cfgnamespace"
		" WHERE " OWN_SCHEMA " AND " NO_MEMBER("pg_ts_config", "g")
	},
	{
		"language", OBJECT_LANGUAGE, LanguageRelationId, LanguageOidIndexId,
		"SELECT quote_ident(l.lanname) AS identity, concat_ws(' ', " FLAG("l.lanpltrusted", "'TRUSTED'") ", 'LANGUAGE', "
		FUNCTION("HANDLER", "l.lanplcallfoid") ", " FUNCTION("INLINE", "l.laninline") ", "
		FUNCTION("VALIDATOR", "l.lanvalidator") ") AS definition, l.lanowner AS owner, l.lanacl AS acl, "
		COMMENT("pg_language", "l.oid")
		" FROM pg_catalog.pg_language l WHERE " OWN("pg_language", "l")
	},
	{
		"transform", 0, TransformRelationId, TransformOidIndexId,
		"SELECT 'for ' || t.trftype::regtype::text || ' on language ' || quote_ident(l.lanname) AS identity,"
		" concat_ws(', ', " FUNCTION("FROM SQL", "t.trffromsql") ", " FUNCTION("TO SQL", "t.trftosql")
		") AS definition, " COMMENT("pg_transform", "t.oid")
		" FROM pg_catalog.pg_transform t JOIN pg_catalog.pg_language l ON l.oid = t.trflang"
		" WHERE " OWN("pg_transform", "t")
	},
	{
		"access method", 0, AccessMethodRelationId, AmOidIndexId,
		"SELECT quote_ident(a.amname) AS identity, concat_ws(' ', CASE a.amtype WHEN 't' THEN 'TABLE' ELSE 'INDEX' END,"
		" 'HANDLER', a.amhandler::text) AS definition, " COMMENT("pg_am", "a.oid")
		" FROM pg_catalog.pg_am a WHERE " OWN("pg_am", "a")
	},
	{
		"foreign-data wrapper", OBJECT_FDW, ForeignDataWrapperRelationId, ForeignDataWrapperOidIndexId,
		"SELECT quote_ident(w.fdwname) AS identity, concat_ws(' ', 'FOREIGN DATA WRAPPER', " FUNCTION("HANDLER", "w.fdwhandler") ", "
		FUNCTION("VALIDATOR", "w.fdwvalidator") ", " OPTIONS("w.fdwoptions") ") AS definition,"
		" w.fdwowner AS owner, w.fdwacl AS acl, " COMMENT("pg_foreign_data_wrapper", "w.oid")
		" FROM pg_catalog.pg_foreign_data_wrapper w WHERE " OWN("pg_foreign_data_wrapper", "w")
	},
	{
		"server", OBJECT_FOREIGN_SERVER, ForeignServerRelationId, ForeignServerOidIndexId,
		"SELECT quote_ident(s.srvname) AS identity, concat_ws(' ', 'TYPE ' || quote_literal(s.srvtype),"
		" 'VERSION ' || quote_literal(s.srvversion), 'FOREIGN DATA WRAPPER', (SELECT quote_ident(w.fdwname)"
		" FROM pg_catalog.pg_foreign_data_wrapper w WHERE w.oid = s.srvfdw), " OPTIONS("s.srvoptions") ") AS definition,"
		" s.srvowner AS owner, s.srvacl AS acl, " COMMENT("pg_foreign_server", "s.oid")
		" FROM pg_catalog.pg_foreign_server s WHERE " OWN("pg_foreign_server", "s")
	},
	{
		/* Options are passwords too: only what they are called. */
		"user mapping", 0, UserMappingRelationId, UserMappingOidIndexId,
		"SELECT CASE u.umuser WHEN 0 THEN 'public' ELSE " ROLE("u.umuser") " END || ' on server '"
		" || quote_ident(s.srvname) AS identity, 'OPTIONS (' || coalesce((SELECT string_agg(split_part(o, '=', 1), ', '"
		" ORDER BY o COLLATE \"C\") FROM unnest(u.umoptions) o), '') || ')' AS definition"
		" FROM pg_catalog.pg_user_mapping u JOIN pg_catalog.pg_foreign_server s ON s.oid = u.umserver"
		" WHERE " OWN("pg_user_mapping", "u")
	},
	{
		"event trigger", 0, EventTriggerRelationId, EventTriggerOidIndexId,
		"SELECT quote_ident(e.evtname) AS identity, concat_ws(' ', 'ON', e.evtevent,"
		" 'WHEN TAG IN (' || " SORTED("e.evttags") " || ')', 'EXECUTE FUNCTION', e.evtfoid::regprocedure::text,"
		" CASE e.evtenabled WHEN 'D' THEN 'DISABLED' WHEN 'R' THEN 'ENABLE REPLICA'"
		" WHEN 'A' THEN 'ENABLE ALWAYS' END) AS definition, e.evtowner AS owner, " COMMENT("pg_event_trigger", "e.oid")
		" FROM pg_catalog.pg_event_trigger e WHERE " NO_MEMBER("pg_event_trigger", "e")
		/* our own guard is not what it watches */
		" AND e.evtfoid NOT IN (SELECT d.objid FROM pg_catalog.pg_depend d"
		" JOIN pg_catalog.pg_extension x ON x.oid = d.refobjid AND x.extname = 'migrate'"
		" WHERE d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e'"
		" AND d.classid = 'pg_catalog.pg_proc'::regclass)"
	},
	{
		"publication", 0, PublicationRelationId, PublicationObjectIndexId,
		"SELECT quote_ident(p.pubname) AS identity, concat_ws(' ', " FLAG("p.puballtables", "'ALL TABLES'") ","
		" 'PUBLISH (' || concat_ws(', ', " FLAG("p.pubinsert", "'insert'") ", " FLAG("p.pubupdate", "'update'") ", "
		FLAG("p.pubdelete", "'delete'") ", " FLAG("p.pubtruncate", "'truncate'") ") || ')', "
		FLAG("p.pubviaroot", "'VIA ROOT'") ", CASE to_jsonb(p) ->> 'pubgencols' WHEN 's' THEN 'GENERATED COLUMNS' END)"
		" AS definition, p.pubowner AS owner, " COMMENT("pg_publication", "p.oid")
		" FROM pg_catalog.pg_publication p WHERE " NO_MEMBER("pg_publication", "p")
	},
	{
		"publication table", 0, PublicationRelRelationId, PublicationRelObjectIndexId,
		"SELECT " RELATION " || ' in publication ' || quote_ident(p.pubname) AS identity, concat_ws(' ', 'TABLE',"
		" '(' || (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attname COLLATE \"C\")"
		" FROM pg_catalog.pg_attribute a WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs)) || ')',"
		" 'WHERE (' || pg_get_expr(r.prqual, r.prrelid) || ')') AS definition"
		" FROM pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid"
		RELATION_OF("r.prrelid") " WHERE " NO_MEMBER("pg_publication", "p") " AND " OWN_RELATION
	},
	{
		"publication schema", 0, PublicationNamespaceRelationId, PublicationNamespaceObjectIndexId,
		"SELECT quote_ident(n.nspname) || ' in publication ' || quote_ident(p.pubname) AS identity,"
		" 'TABLES IN SCHEMA' AS definition"
		" FROM pg_catalog.pg_publication_namespace r JOIN pg_catalog.pg_publication p ON p.oid = r.pnpubid"
		" JOIN pg_catalog.pg_namespace n ON n.oid = r.pnnspid WHERE " NO_MEMBER("pg_publication", "p")
	},
	{
		/*
		 * Neither how to connect, which may have a password, nor whether it is
		 * enabled, which is operation and not restored.
		 */
		"subscription", 0, SubscriptionRelationId, SubscriptionObjectIndexId,
		"SELECT quote_ident(s.subname) AS identity, concat_ws(', ', 'PUBLICATION ' || " SORTED("s.subpublications") ","
		" 'slot_name = ' || coalesce(quote_literal(s.subslotname), 'NONE'), " FLAG("s.subbinary", "'binary'") ","
		" CASE j.r ->> 'substream' WHEN 'true' THEN 'streaming = on' WHEN 't' THEN 'streaming = on'"
		" WHEN 'p' THEN 'streaming = parallel' END, " FLAG("s.subtwophasestate <> 'd'", "'two_phase'") ", "
		FLAG("s.subdisableonerr", "'disable_on_error'") ", 'synchronous_commit = ' || s.subsynccommit,"
		" CASE j.r ->> 'suborigin' WHEN 'none' THEN 'origin = none' END,"
		" CASE j.r ->> 'subpasswordrequired' WHEN 'false' THEN 'password_required = false' END,"
		" CASE j.r ->> 'subrunasowner' WHEN 'true' THEN 'run_as_owner' END,"
		" CASE j.r ->> 'subfailover' WHEN 'true' THEN 'failover' END) AS definition,"
		" s.subowner AS owner, " COMMENT("pg_subscription", "s.oid")
		" FROM pg_catalog.pg_subscription s, LATERAL (SELECT to_jsonb(s)) j (r) WHERE s.subdbid ="
		" (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())"
		" AND " NO_MEMBER("pg_subscription", "s")
	},
	{
		/* Those of a schema are added to what is there without any. */
		"default privileges", 0, DefaultAclRelationId, DefaultAclOidIndexId,
		"SELECT 'for role ' || " ROLE("a.defaclrole") " || coalesce(' in schema ' || quote_ident(n.nspname), '') || ' on '"
		" || CASE a.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions'"
		" WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas' WHEN 'L' THEN 'large objects' END AS identity,"
		" a.defaclrole AS grantor, a.defaclacl AS acl, a.defaclobjtype::text || CASE WHEN n.oid IS NULL THEN '' ELSE '+' END AS acltype"
		" FROM pg_catalog.pg_default_acl a LEFT JOIN pg_catalog.pg_namespace n ON n.oid = a.defaclnamespace"
		" WHERE " NO_MEMBER("pg_default_acl", "a")
	},
	{
		"label", 0, SecLabelRelationId, SecLabelObjectIndexId,
		"SELECT CASE i.type WHEN 'table column' THEN 'column' WHEN 'view column' THEN 'column'"
		" WHEN 'materialized view column' THEN 'column' WHEN 'foreign table column' THEN 'column'"
		" WHEN 'composite type column' THEN 'column' WHEN 'type' THEN (SELECT CASE t.typtype WHEN 'd' THEN 'domain'"
		" ELSE 'type' END FROM pg_catalog.pg_type t WHERE t.oid = s.objoid) ELSE i.type END AS kind, i.identity, "
		"string_agg(quote_ident(s.provider) || ' ' || quote_literal(s.label), ', ' ORDER BY s.provider COLLATE \"C\") AS label"
		" FROM pg_catalog.pg_seclabel s, LATERAL pg_identify_object(s.classoid, s.objoid, s.objsubid) i"
		" WHERE (s.classoid, s.objoid) NOT IN (SELECT e.classid, e.objid FROM pg_catalog.pg_depend e"
		" WHERE e.refclassid = 'pg_catalog.pg_extension'::regclass AND e.deptype = 'e')"
		" AND s.classoid <> 'pg_catalog.pg_largeobject'::regclass GROUP BY 1, 2"
	},
	/* What the server's version has beside these. */
	MIG_SNAPSHOT_QUERIES
	{NULL, 0, InvalidOid, InvalidOid, NULL}
};
