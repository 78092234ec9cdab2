/*-------------------------------------------------------------------------
 *
 * snapshot_text.c
 *	  Texts of a snapshot that would not be the same after a dump is restored.
 *
 * Names of roles are looked up in the catalogs; no locks.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "snapshot.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#define ARRAY "ARRAY["

/* Where what is quoted and begins here ends; else the next character. */
static const char *
skip_one(const char *p, const char *start)
{
	char		quote = *p;
	bool		escapes;

	if (quote != '\'' && quote != '"')
		return p + 1;
	escapes = quote == '\'' && p > start && p[-1] == 'E' &&
		(p - 1 == start || !(isalnum((unsigned char) p[-2]) || p[-2] == '_' ||
							 p[-2] == '"' || IS_HIGHBIT_SET(p[-2])));
	for (p++; *p; p++)
	{
		if (escapes && *p == '\\' && p[1] != '\0')
			p++;
		else if (*p == quote)
		{
			if (p[1] != quote)
				return p + 1;
			p++;
		}
	}
	return p;
}

/* Where the bracket that is closed here or later is; NULL: nowhere. */
static const char *
closing(const char *p, const char *start, char bracket)
{
	int			depth = 0;

	while (*p)
	{
		if (*p == '(' || *p == '[')
			depth++;
		else if (*p == ')' || *p == ']')
		{
			if (depth == 0)
				return *p == bracket ? p : NULL;
			depth--;
		}
		p = skip_one(p, start);
	}
	return NULL;
}

/* Where the name of an array's type that begins here ends; NULL: it is none. */
static const char *
type_name_end(const char *p, const char *start)
{
	while (*p)
	{
		if (p[0] == '[' && p[1] == ']')
			return p;
		if (*p == '(')
		{
			p = closing(p + 1, start, ')');
			if (p == NULL)
				return NULL;
			p++;
		}
		else if (*p == '"' || *p == '_' || *p == '.' || *p == ' ' ||
				 isalnum((unsigned char) *p) || IS_HIGHBIT_SET(*p))
			p = skip_one(p, start);
		else
			return NULL;
	}
	return NULL;
}

/* The elements between brackets, each of them cast. */
static void
append_elements(StringInfo out, const char *p, const char *end, const char *start,
				const char *type, int type_len)
{
	check_stack_depth();
	while (p < end)
	{
		const char *first;
		const char *last;
		int			depth = 0;

		while (p < end && isspace((unsigned char) *p))
			appendStringInfoChar(out, *p++);
		first = p;
		while (p < end && (depth > 0 || *p != ','))
		{
			depth += *p == '(' || *p == '[' ? 1 : *p == ')' || *p == ']' ? -1 : 0;
			p = skip_one(p, start);
		}
		last = p;
		if (strncmp(first, ARRAY, strlen(ARRAY)) == 0 &&
			closing(first + strlen(ARRAY), start, ']') == last - 1)
		{
			appendStringInfoString(out, ARRAY);
			append_elements(out, first + strlen(ARRAY), last - 1, start, type, type_len);
			appendStringInfoChar(out, ']');
		}
		else
			appendStringInfo(out, "(%.*s)::%.*s", (int) (last - first), first, type_len, type);
		if (p < end)
			appendStringInfoChar(out, *p++);
	}
}

/*
 * mig_settled_text
 *		What the server would make of an expression that it has written, if it
 *		read that again: it pushes the cast of an ARRAY[] down to the elements,
 *		and only when it reads it as such.  An IN on varchar is the usual case.
 */
char *
mig_settled_text(char *text)
{
	StringInfoData out;
	const char *p = text;

	if (strstr(text, "(" ARRAY) == NULL)
		return text;
	initStringInfo(&out);
	while (*p)
	{
		const char *next = skip_one(p, text);

		if (strncmp(p, "(" ARRAY, strlen("(" ARRAY)) == 0)
		{
			const char *elements = p + strlen("(" ARRAY);
			const char *end = closing(elements, text, ']');

			if (end != NULL && end > elements && strncmp(end, "])::", 4) == 0)
			{
				const char *type = end + 4;
				const char *type_end = type_name_end(type, text);

				if (type_end != NULL)
				{
					appendStringInfoString(&out, ARRAY);
					append_elements(&out, elements, end, text, type, type_end - type);
					appendStringInfoChar(&out, ']');
					p = type_end + 2;
					continue;
				}
			}
		}
		appendBinaryStringInfo(&out, p, next - p);
		p = next;
	}
	return out.data;
}

/* In the order of their bits. */
static const char *const privileges[] = {
	"INSERT", "SELECT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER",
	"EXECUTE", "USAGE", "CREATE", "TEMPORARY", "CONNECT", "SET", "ALTER SYSTEM",
	"MAINTAIN"
};

static const char *
role_label(Oid role)
{
	const char *name;

	if (role == ACL_ID_PUBLIC)
		return "PUBLIC";
	name = GetUserNameFromId(role, true);
	return name ? quote_identifier(name) : psprintf("%u", role);
}

/* All there is to grant on such an object, by this server's version. */
static AclMode
all_of(ObjectType type, const Acl *standard, Oid owner)
{
	const AclItem *items = ACL_DAT(standard);
	AclMode		all = type == OBJECT_COLUMN ? ACL_ALL_RIGHTS_COLUMN : ACL_NO_RIGHTS;
	int			i;

	for (i = 0; i < ACL_NUM(standard); i++)
	{
		if (items[i].ai_grantee == owner)
			all |= ACLITEM_GET_PRIVS(items[i]);
	}
	return all;
}

static void
add_command(List **commands, const char *verb, AclMode mode, AclMode all,
			const char *preposition, const AclItem *item, bool option, Oid owner)
{
	StringInfoData buf;
	int			i;

	if (mode == ACL_NO_RIGHTS)
		return;
	initStringInfo(&buf);
	appendStringInfo(&buf, "%s ", verb);
	/* what ALL is depends on the version */
	if (mode == all && (all & (all - 1)) != 0)
		appendStringInfoString(&buf, "ALL");
	else
	{
		const char *separator = "";

		for (i = 0; i < lengthof(privileges); i++)
		{
			if (mode & ((AclMode) 1 << i))
			{
				appendStringInfo(&buf, "%s%s", separator, privileges[i]);
				separator = ", ";
			}
		}
	}
	appendStringInfo(&buf, " %s %s", preposition, role_label(item->ai_grantee));
	if (option)
		appendStringInfoString(&buf, " WITH GRANT OPTION");
	if (item->ai_grantor != owner)
		appendStringInfo(&buf, " GRANTED BY %s", role_label(item->ai_grantor));
	*commands = lappend(*commands, buf.data);
}

static const AclItem *
same_item(const Acl *acl, const AclItem *item)
{
	const AclItem *items = ACL_DAT(acl);
	int			i;

	for (i = 0; i < ACL_NUM(acl); i++)
	{
		if (items[i].ai_grantee == item->ai_grantee && items[i].ai_grantor == item->ai_grantor)
			return &items[i];
	}
	return NULL;
}

static int
compare_commands(const ListCell *a, const ListCell *b)
{
	return strcmp((const char *) lfirst(a), (const char *) lfirst(b));
}

/*
 * mig_privileges_text
 *		Privileges as what has to be granted and revoked, in a sorted order,
 *		when there are those that the server gives by default, if it does.
 */
char *
mig_privileges_text(ObjectType type, bool has_default, Oid owner, const Acl *acl)
{
	const Acl  *usual = acldefault(type, owner);
	const Acl  *standard = has_default ? usual : make_empty_acl();
	AclMode		all = all_of(type, usual, owner);
	const AclItem *items = ACL_DAT(acl);
	List	   *commands = NIL;
	StringInfoData buf;
	ListCell   *lc;
	int			i;

	for (i = 0; i < ACL_NUM(acl); i++)
	{
		const AclItem *before = same_item(standard, &items[i]);
		AclMode		rights = ACLITEM_GET_PRIVS(items[i]);
		AclMode		options = ACLITEM_GET_GOPTIONS(items[i]);
		AclMode		had = before ? ACLITEM_GET_PRIVS(*before) : ACL_NO_RIGHTS;

		add_command(&commands, "GRANT", rights & ~had & ~options, all, "TO", &items[i],
					false, owner);
		add_command(&commands, "GRANT", options, all, "TO", &items[i], true, owner);
		add_command(&commands, "REVOKE", had & ~rights, all, "FROM", &items[i], false, owner);
	}
	items = ACL_DAT(standard);
	for (i = 0; i < ACL_NUM(standard); i++)
	{
		if (same_item(acl, &items[i]) == NULL)
			add_command(&commands, "REVOKE", ACLITEM_GET_PRIVS(items[i]), all, "FROM",
						&items[i], false, owner);
	}
	list_sort(commands, compare_commands);
	initStringInfo(&buf);
	foreach(lc, commands)
		appendStringInfo(&buf, "%s%s", buf.len > 0 ? "; " : "", (const char *) lfirst(lc));
	return buf.data;
}
