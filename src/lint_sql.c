/*-------------------------------------------------------------------------
 *
 * lint_sql.c
 *	  The SQL functions that lint.
 *
 * Each works in a memory context of its own, and a script's findings are
 * returned before the next one is read.
 *
 *-------------------------------------------------------------------------
 */
#include "lint.h"

#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

PG_FUNCTION_INFO_V1(migrate_lint);
PG_FUNCTION_INFO_V1(migrate_lint_sql);
PG_FUNCTION_INFO_V1(migrate_lint_rules);

static Datum
text_value(const char *text, bool *isnull)
{
	*isnull = text == NULL;
	return text ? CStringGetTextDatum(text) : (Datum) 0;
}

static void
append_number(StringInfo buf, const char *key, double number)
{
	if (number < 0)
		appendStringInfo(buf, ", \"%s\": null", key);
	else
		appendStringInfo(buf, ", \"%s\": %.0f", key, number);
}

/* What a finding is about, as an array of objects. */
static Datum
relations_value(const MigFinding *finding)
{
	StringInfoData buf;
	ListCell   *lc;

	initStringInfo(&buf);
	appendStringInfoChar(&buf, '[');
	foreach(lc, finding->concerned)
	{
		const MigConcerned *concerned = (const MigConcerned *) lfirst(lc);

		appendStringInfoString(&buf, buf.len > 1 ? ", {\"relation\": " : "{\"relation\": ");
		escape_json(&buf, concerned->label);
		appendStringInfo(&buf, ", \"kind\": \"%s\"", mig_relkind_name(concerned->kind));
		append_number(&buf, "rows", concerned->rows);
		append_number(&buf, "bytes", concerned->bytes);
		appendStringInfoChar(&buf, '}');
	}
	appendStringInfoChar(&buf, ']');
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(buf.data));
}

static void
return_findings(const MigLintedScript *script, void *arg)
{
	ReturnSetInfo *returned = (ReturnSetInfo *) arg;
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(caller, "migrate findings",
												  ALLOCSET_DEFAULT_SIZES);
	ListCell   *lc;

	foreach(lc, script->findings)
	{
		const MigFinding *finding = (const MigFinding *) lfirst(lc);
		Datum		values[14];
		bool		nulls[14] = {false};

		MemoryContextSwitchTo(context);
		values[0] = CStringGetTextDatum(finding->rule->name);
		values[1] = CStringGetTextDatum(mig_severity_name(finding->severity));
		values[2] = CStringGetTextDatum(mig_axis_name(finding->rule->axis));
		values[3] = CStringGetTextDatum(mig_level_name(finding->level));
		values[4] = text_value(finding->version, &nulls[4]);
		values[5] = text_value(finding->path, &nulls[5]);
		values[6] = Int32GetDatum(finding->line);
		values[7] = Int32GetDatum(finding->column);
		values[8] = text_value(finding->statement, &nulls[8]);
		values[9] = relations_value(finding);
		values[10] = text_value(finding->message, &nulls[10]);
		values[11] = text_value(finding->why, &nulls[11]);
		values[12] = text_value(finding->advice, &nulls[12]);
		values[13] = text_value(finding->sql, &nulls[13]);
		tuplestore_putvalues(returned->setResult, returned->setDesc, values, nulls);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(context);
	}
	MemoryContextDelete(context);
}

Datum
migrate_lint(PG_FUNCTION_ARGS)
{
	MemoryContext caller;
	MemoryContext context;

	InitMaterializedSRF(fcinfo, 0);
	context = mig_call_context(&caller);
	mig_lint_each(mig_text_argument(fcinfo, 0, NULL), mig_text_argument(fcinfo, 1, NULL),
				  return_findings, fcinfo->resultinfo);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return (Datum) 0;
}

Datum
migrate_lint_sql(PG_FUNCTION_ARGS)
{
	MemoryContext caller;
	MemoryContext context;

	InitMaterializedSRF(fcinfo, 0);
	context = mig_call_context(&caller);
	return_findings(mig_lint_text(mig_text_argument(fcinfo, 0, "sql")),
					fcinfo->resultinfo);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return (Datum) 0;
}

Datum
migrate_lint_rules(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *returned = (ReturnSetInfo *) fcinfo->resultinfo;
	bool	   *graded = palloc(sizeof(bool) * mig_nrules);
	const MigSeverity *severities = mig_rule_severities(graded);
	int			i;

	InitMaterializedSRF(fcinfo, 0);
	for (i = 0; i < mig_nrules; i++)
	{
		const MigRule *rule = &mig_rules[i];
		Datum		values[6] = {
			CStringGetTextDatum(rule->name), CStringGetTextDatum(rule->group),
			CStringGetTextDatum(mig_axis_name(rule->axis)),
			CStringGetTextDatum(mig_severity_name(severities[i])),
			CStringGetTextDatum(mig_severity_name(rule->severity)),
			CStringGetTextDatum(rule->summary)
		};
		bool		nulls[6] = {false};

		tuplestore_putvalues(returned->setResult, returned->setDesc, values, nulls);
	}
	return (Datum) 0;
}
