"""How long functions are. C++ by its braces, Python by its syntax tree."""

import ast
import re


def cpp_functions(code):
    """(first line, lines, name) of every function in C++ text without comments and strings."""
    depth_kinds = []  # what every open brace belongs to: 'space', 'type', 'function', ...
    starts = []
    head = ''  # text since the last ; { } at this level
    head_line = 1
    line = 1
    parens = 0
    for char in _without_directives(code):
        if char == '\n':
            line += 1
        if not head.strip():
            head_line = line
        if char in '()':
            parens += 1 if char == '(' else -1
        if char == '{' and parens == 0:
            outer = depth_kinds[-1] if depth_kinds else 'space'
            depth_kinds.append(_kind(head, outer))
            starts.append((head_line, head))
            head = ''
        elif char == '}' and parens == 0:
            if not depth_kinds:
                return  # unbalanced: not ours to judge
            kind = depth_kinds.pop()
            first, text = starts.pop()
            if kind == 'function':
                yield first, line - first + 1, _name(text)
            # A braced member initialiser does not end the head of its constructor.
            head = text + '{}' if kind == 'initialiser' else ''
            head_line = first if kind == 'initialiser' else line
        elif char == ';' and parens == 0:
            head = ''
        else:
            head += char


def _without_directives(code):
    """Preprocessor lines, with their continuations, made empty: braces in macros do not pair."""
    result = []
    continued = False
    for text in code.split('\n'):
        directive = continued or text.lstrip().startswith('#')
        continued = directive and text.rstrip().endswith('\\')
        result.append('' if directive else text)
    return '\n'.join(result)


def _kind(head, outer):
    head = ' '.join(head.split())
    if outer in ('function', 'other', 'initialiser'):
        return 'other'
    if re.search(r'\).*(?<!:):(?!:).*[\w>]$', head):
        return 'initialiser'
    if re.search(r'\bnamespace\b[\w:\s]*$', head) or head.startswith('extern'):
        return 'space'
    # Template parameters may say `class`; attributes may have parentheses.
    bare = re.sub(r'template\s*<[^{]*?>\s*(?=\w)', '', head)
    if re.match(r'(typedef )?(class|struct|union|enum)\b', bare) and ')' not in bare.split(':')[0]:
        return 'type'
    if '(' in head and not re.search(r'=\s*$', head):
        return 'function'
    return 'other'


def _name(head):
    before = head.split('(')[0].split()
    return before[-1] if before else '?'


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.lineno, node.end_lineno - node.lineno + 1, node.name
