//! From text to [`Rule`]. One pass over the lines, recursive descent within an expression.

use std::cell::Cell;

use super::fault::{ExpectedToken, Found, Role, RuleError, RuleFault, Taken};
use super::tree::{
    Assignment, BinaryOperator, Constant, Expression, Function, Name, Range, Rule, State, Target, ValueKind,
};
use super::{MAX_CONSTANTS, MAX_INTEGER_POWER, MAX_NESTING, MAX_NODES, MAX_STATES, MAX_TEXT_BYTES};
use brink_base::number::shortest;

/// Line and column of the text, both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TextPosition {
    line: usize,
    column: usize,
}

impl TextPosition {
    fn error<T>(self, fault: RuleFault) -> Result<T, RuleError> {
        Err(RuleError { line: self.line, column: self.column, fault: fault.shortened() })
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Number(f64),
    Text(String),
    Sign(char),
    End,
}

impl Token {
    fn found(&self) -> Found {
        match self {
            Self::Word(word) => Found::Written(word.clone()),
            Self::Number(value) => Found::Written(shortest(*value)),
            Self::Text(_) => Found::Text,
            Self::Sign(sign) => Found::Written(sign.to_string()),
            Self::End => Found::LineEnd,
        }
    }
}

/// Words with a meaning of their own, which no constant, state or temporary may take.
const KEYWORDS: [&str; 6] = ["name", "source", "constant", "state", "in", "inf"];
/// Names that every rule has.
const GIVEN: [&str; 4] = ["g", "eta", "t", "pi"];

/// The learning rate of a step.
const ETA: &str = "eta";
/// The same in the letter of Adam's paper. A name like any other for who declares it: PyTorch's RMSProp has a constant alpha.
const ALPHA: &str = "alpha";

/// A formula as its text has it.
pub(super) struct ParsedFormula {
    /// Carries the name, the source and, as its constants, the given names; it assigns nothing.
    pub(super) rule: Rule,
    /// The sides of the line `for left < right`.
    pub(super) condition: Option<(Expression, Expression)>,
    pub(super) expression: Expression,
}

/// Parses a scalar formula: one line `target = expression` over given names, and for which of their values it holds.
pub(super) fn parse_formula(text: &str, given: &[&str], target: &'static str) -> Result<ParsedFormula, RuleError> {
    let range = Range { lower: f64::NEG_INFINITY, lower_closed: false, upper: f64::INFINITY, upper_closed: false };
    let constant = |name: &&str| Constant { name: (*name).to_owned(), default: 0.0, range };
    let constants = given.iter().map(constant).collect();
    Parser { constants, formula: Some(target), ..Parser::default() }.formula(text)
}

impl Rule {
    /// Parses the text of a rule.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, with its line and column and what was expected there. Never panics.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        Parser::default().rule(text)
    }
}

#[derive(Default)]
struct Parser {
    /// The name that a formula assigns; `None` for an update rule.
    formula: Option<&'static str>,
    condition: Option<(Expression, Expression)>,
    /// What a formula's name is assigned.
    value: Option<Expression>,
    name: Option<String>,
    source: Option<String>,
    constants: Vec<Constant>,
    states: Vec<State>,
    state_locations: Vec<TextPosition>,
    /// Whether each state has been assigned yet.
    assigned: Vec<bool>,
    temporaries: Vec<String>,
    assignments: Vec<Assignment>,
    theta: bool,
    /// Whether the learning rate was read as `alpha`.
    uses_alpha: Cell<bool>,
    nodes: usize,
    /// Every power whose exponent is not a small integer literal: allowed only for scalars, which is known at the end.
    powers: Vec<(TextPosition, Expression, Expression)>,
    /// Every argument of a cosine: allowed only for scalars.
    cosines: Vec<(TextPosition, Expression)>,
    tokens: Vec<(TextPosition, Token)>,
    position: usize,
    nesting: usize,
}

impl Parser {
    /// Reads every line and returns where the last one ends.
    fn lines(&mut self, text: &str) -> Result<TextPosition, RuleError> {
        let start = TextPosition { line: 1, column: 1 };
        if text.len() > MAX_TEXT_BYTES {
            return start.error(RuleFault::TooLong { bytes: text.len(), most: MAX_TEXT_BYTES });
        }
        let mut end = start;
        for (index, line) in text.lines().enumerate() {
            self.tokens = tokens(line, index + 1, self.formula.is_some())?;
            self.position = 0;
            end = self.location();
            if let Some((location, _)) = self.tokens.last() {
                end = *location;
            }
            if *self.token() != Token::End {
                self.line()?;
                if *self.token() != Token::End {
                    return self.unexpected(ExpectedToken::LineEnd);
                }
            }
        }
        if self.name.is_none() {
            return start.error(RuleFault::NoName);
        }
        Ok(end)
    }

    fn formula(mut self, text: &str) -> Result<ParsedFormula, RuleError> {
        let end = self.lines(text)?;
        let Some(expression) = self.value else {
            return end.error(RuleFault::NeverAssigned(self.formula.unwrap_or_default().to_owned()));
        };
        let rule = Rule {
            name: self.name.unwrap_or_default(),
            source: self.source.unwrap_or_default(),
            constants: self.constants,
            states: Vec::new(),
            temporaries: Vec::new(),
            assignments: Vec::new(),
            rate_name: ETA,
        };
        Ok(ParsedFormula { rule, condition: self.condition, expression })
    }

    fn rule(mut self, text: &str) -> Result<Rule, RuleError> {
        let end = self.lines(text)?;
        if let Some(index) = self.assigned.iter().position(|assigned| !assigned) {
            return self.state_locations[index].error(RuleFault::NeverAssigned(self.states[index].name.clone()));
        }
        if !self.theta {
            return end.error(RuleFault::NoTheta);
        }
        infer_kinds(&mut self.states, &mut self.assignments, self.temporaries.len());
        let kinds = temporary_kinds(&self.assignments, self.temporaries.len());
        for (location, base, exponent) in &self.powers {
            if Rule::kind_of(base, &self.states, &kinds) == ValueKind::PerParameter {
                return location.error(RuleFault::Power(MAX_INTEGER_POWER));
            }
            if Rule::kind_of(exponent, &self.states, &kinds) == ValueKind::PerParameter {
                return location.error(RuleFault::Exponent);
            }
        }
        for (location, argument) in &self.cosines {
            if Rule::kind_of(argument, &self.states, &kinds) == ValueKind::PerParameter {
                return location.error(RuleFault::Cosine);
            }
        }
        Ok(Rule {
            name: self.name.unwrap_or_default(),
            source: self.source.unwrap_or_default(),
            constants: self.constants,
            states: self.states,
            temporaries: self.temporaries,
            assignments: self.assignments,
            rate_name: if self.uses_alpha.get() { ALPHA } else { ETA },
        })
    }

    // The list of tokens always closes with `End`, and no parser takes that one.
    fn token(&self) -> &Token {
        self.tokens.get(self.position).map_or(&Token::End, |(_, token)| token)
    }

    fn location(&self) -> TextPosition {
        self.tokens.get(self.position).map_or(TextPosition { line: 1, column: 1 }, |(location, _)| *location)
    }

    fn unexpected<T>(&self, expected: ExpectedToken) -> Result<T, RuleError> {
        self.location().error(RuleFault::Unexpected { expected, found: self.token().found() })
    }

    fn take(&mut self, sign: char) -> bool {
        let found = *self.token() == Token::Sign(sign);
        if found {
            self.position += 1;
        }
        found
    }

    fn expect(&mut self, sign: char) -> Result<(), RuleError> {
        if self.take(sign) { Ok(()) } else { self.unexpected(ExpectedToken::Sign(sign)) }
    }

    fn line(&mut self) -> Result<(), RuleError> {
        let location = self.location();
        let Token::Word(word) = self.token().clone() else {
            return self.unexpected(ExpectedToken::Line);
        };
        if self.theta {
            return location.error(RuleFault::AfterTheta);
        }
        match word.as_str() {
            "name" => {
                self.position += 1;
                let text = self.quoted()?;
                if text.trim().is_empty() {
                    return location.error(RuleFault::EmptyName);
                }
                once(&mut self.name, text, "name", location)
            }
            "source" => {
                self.position += 1;
                let text = self.quoted()?;
                once(&mut self.source, text, "source", location)
            }
            "for" if self.formula.is_some() => {
                self.position += 1;
                if self.condition.is_some() {
                    return location.error(RuleFault::Repeated("for"));
                }
                let left = self.sum()?;
                self.expect('<')?;
                self.condition = Some((left, self.sum()?));
                Ok(())
            }
            _ if self.formula == Some(word.as_str()) => {
                if self.value.is_some() {
                    return location.error(RuleFault::AssignedTwice(word));
                }
                self.position += 1;
                self.expect('=')?;
                self.value = Some(self.sum()?);
                Ok(())
            }
            _ if self.formula.is_some() => self.unexpected(ExpectedToken::Line),
            "constant" => {
                self.position += 1;
                self.constant()
            }
            "state" => {
                self.position += 1;
                self.state()
            }
            _ => self.assignment(),
        }
    }

    fn quoted(&mut self) -> Result<String, RuleError> {
        match self.token().clone() {
            Token::Text(text) => {
                self.position += 1;
                Ok(text)
            }
            _ => self.unexpected(ExpectedToken::Text),
        }
    }

    /// A name that is free to be declared or assigned for the first time.
    fn fresh_name(&mut self, role: Role) -> Result<String, RuleError> {
        let location = self.location();
        let Token::Word(word) = self.token().clone() else {
            return self.unexpected(ExpectedToken::Name(role));
        };
        self.position += 1;
        let taken = if KEYWORDS.contains(&word.as_str()) {
            Taken::Keyword
        } else if Function::ALL.iter().any(|function| function.name() == word) {
            Taken::Function
        } else if GIVEN.contains(&word.as_str()) || (word == ALPHA && self.uses_alpha.get()) {
            Taken::Given
        } else if word == "theta" {
            Taken::Parameter
        } else if self.constants.iter().any(|constant| constant.name == word) {
            Taken::Constant
        } else if self.states.iter().any(|state| state.name == word) {
            Taken::State
        } else if self.temporaries.contains(&word) {
            return location.error(RuleFault::AssignedTwice(word));
        } else {
            return Ok(word);
        };
        location.error(RuleFault::Taken { name: word, taken, role })
    }

    fn signed_number(&mut self, infinite: bool) -> Result<f64, RuleError> {
        let negative = self.take('-');
        let value = match self.token() {
            Token::Number(value) => *value,
            Token::Word(word) if infinite && word == "inf" => f64::INFINITY,
            _ => return self.unexpected(if infinite { ExpectedToken::Bound } else { ExpectedToken::Number }),
        };
        self.position += 1;
        Ok(if negative { -value } else { value })
    }

    fn constant(&mut self) -> Result<(), RuleError> {
        let location = self.location();
        if self.constants.len() == MAX_CONSTANTS {
            return location.error(RuleFault::Constants(MAX_CONSTANTS));
        }
        let name = self.fresh_name(Role::Constant)?;
        self.expect('=')?;
        let default = self.signed_number(false)?;
        match self.token() {
            Token::Word(word) if word == "in" => self.position += 1,
            _ => return self.unexpected(ExpectedToken::In),
        }
        let range_location = self.location();
        let lower_closed = match self.token() {
            Token::Sign('[') => true,
            Token::Sign('(') => false,
            _ => return self.unexpected(ExpectedToken::Range),
        };
        self.position += 1;
        let lower = self.signed_number(true)?;
        self.expect(',')?;
        let upper = self.signed_number(true)?;
        let upper_closed = match self.token() {
            Token::Sign(']') => true,
            Token::Sign(')') => false,
            _ => return self.unexpected(ExpectedToken::RangeEnd),
        };
        self.position += 1;
        let range = Range { lower, lower_closed, upper, upper_closed };
        if (lower.is_infinite() && lower_closed) || (upper.is_infinite() && upper_closed) {
            return range_location.error(RuleFault::InfiniteEnd);
        }
        if !range.contains(default) {
            return location.error(RuleFault::Default { name, value: shortest(default), range: range.to_string() });
        }
        self.constants.push(Constant { name, default, range });
        Ok(())
    }

    fn state(&mut self) -> Result<(), RuleError> {
        let location = self.location();
        if self.states.len() == MAX_STATES {
            return location.error(RuleFault::States(MAX_STATES));
        }
        let name = self.fresh_name(Role::State)?;
        self.expect('=')?;
        let initial = self.signed_number(false)?;
        self.states.push(State { name, initial, kind: ValueKind::Scalar });
        self.state_locations.push(location);
        self.assigned.push(false);
        Ok(())
    }

    fn assignment(&mut self) -> Result<(), RuleError> {
        let location = self.location();
        let Token::Word(word) = self.token().clone() else {
            return self.unexpected(ExpectedToken::Line);
        };
        let target = if word == "theta" {
            self.position += 1;
            Target::Theta
        } else if let Some(index) = self.states.iter().position(|state| state.name == word) {
            if self.assigned[index] {
                return location.error(RuleFault::AssignedTwice(word));
            }
            self.position += 1;
            Target::State(index)
        } else {
            self.fresh_name(Role::Value)?;
            Target::Temporary(self.temporaries.len())
        };
        self.expect('=')?;
        let expression = self.sum()?;
        match target {
            Target::Theta => self.theta = true,
            Target::State(index) => self.assigned[index] = true,
            Target::Temporary(_) => self.temporaries.push(word),
        }
        self.assignments.push(Assignment { target, expression, kind: ValueKind::Scalar });
        Ok(())
    }

    fn node(&mut self, location: TextPosition, expression: Expression) -> Result<Expression, RuleError> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return location.error(RuleFault::Nodes(MAX_NODES));
        }
        Ok(expression)
    }

    /// Runs a parser one level deeper.
    fn deeper(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<Expression, RuleError>,
    ) -> Result<Expression, RuleError> {
        if self.nesting == MAX_NESTING {
            return self.location().error(RuleFault::Nesting(MAX_NESTING));
        }
        self.nesting += 1;
        let expression = parse(self)?;
        self.nesting -= 1;
        Ok(expression)
    }

    fn sum(&mut self) -> Result<Expression, RuleError> {
        let mut left = self.product()?;
        loop {
            let location = self.location();
            let operator = match self.token() {
                Token::Sign('+') => BinaryOperator::Add,
                Token::Sign('-') => BinaryOperator::Subtract,
                _ => return Ok(left),
            };
            self.position += 1;
            let right = self.product()?;
            left = self.node(location, Expression::Binary(operator, Box::new(left), Box::new(right)))?;
        }
    }

    fn product(&mut self) -> Result<Expression, RuleError> {
        let mut left = self.signed()?;
        loop {
            let location = self.location();
            let operator = match self.token() {
                Token::Sign('*') => BinaryOperator::Multiply,
                Token::Sign('/') => BinaryOperator::Divide,
                _ => return Ok(left),
            };
            self.position += 1;
            let right = self.signed()?;
            left = self.node(location, Expression::Binary(operator, Box::new(left), Box::new(right)))?;
        }
    }

    fn signed(&mut self) -> Result<Expression, RuleError> {
        let location = self.location();
        if self.take('-') {
            let inner = self.deeper(Self::signed)?;
            return self.node(location, Expression::Negative(Box::new(inner)));
        }
        let base = self.atom()?;
        let location = self.location();
        if !self.take('^') {
            return Ok(base);
        }
        let exponent = self.deeper(Self::signed)?;
        if exponent.as_integer_power().is_none() {
            self.powers.push((location, base.clone(), exponent.clone()));
        }
        self.node(location, Expression::Binary(BinaryOperator::Power, Box::new(base), Box::new(exponent)))
    }

    fn atom(&mut self) -> Result<Expression, RuleError> {
        let location = self.location();
        match self.token().clone() {
            Token::Number(value) => {
                self.position += 1;
                self.node(location, Expression::Number(value))
            }
            Token::Sign('(') => {
                self.position += 1;
                let inner = self.deeper(Self::sum)?;
                self.expect(')')?;
                Ok(inner)
            }
            Token::Word(word) => {
                self.position += 1;
                if let Some(function) = Function::ALL.into_iter().find(|function| function.name() == word) {
                    return self.call(location, function);
                }
                let name = self.resolve(location, &word)?;
                self.node(location, Expression::Name(name))
            }
            _ => self.unexpected(ExpectedToken::Operand),
        }
    }

    fn call(&mut self, location: TextPosition, function: Function) -> Result<Expression, RuleError> {
        self.expect('(')?;
        let mut arguments = vec![self.deeper(Self::sum)?];
        while arguments.len() < function.arity() {
            self.expect(',')?;
            arguments.push(self.deeper(Self::sum)?);
        }
        self.expect(')')?;
        if function == Function::Cos {
            self.cosines.extend(arguments.iter().map(|argument| (location, argument.clone())));
        }
        self.node(location, Expression::Call(function, arguments))
    }

    fn resolve(&self, location: TextPosition, word: &str) -> Result<Name, RuleError> {
        match word {
            "pi" => return Ok(Name::Pi),
            // A formula has names of its own instead.
            _ if self.formula.is_some() => {}
            "theta" => return Ok(Name::Theta),
            "g" => return Ok(Name::Gradient),
            "eta" => return Ok(Name::Eta),
            "t" => return Ok(Name::Step),
            _ => {}
        }
        if let Some(index) = self.constants.iter().position(|constant| constant.name == word) {
            return Ok(Name::Constant(index));
        }
        if let Some(index) = self.states.iter().position(|state| state.name == word) {
            return Ok(if self.assigned[index] { Name::StateAfter(index) } else { Name::StateBefore(index) });
        }
        if let Some(index) = self.temporaries.iter().position(|temporary| temporary == word) {
            return Ok(Name::Temporary(index));
        }
        if word == ALPHA && self.formula.is_none() {
            self.uses_alpha.set(true);
            return Ok(Name::Eta);
        }
        if KEYWORDS.contains(&word) {
            let found = Found::Written(word.to_owned());
            return location.error(RuleFault::Unexpected { expected: ExpectedToken::Operand, found });
        }
        let mut known = vec!["theta"];
        known.extend(GIVEN);
        known.extend(self.constants.iter().map(|constant| constant.name.as_str()));
        known.extend(self.states.iter().map(|state| state.name.as_str()));
        known.extend(self.temporaries.iter().map(String::as_str));
        known.extend(Function::ALL.map(Function::name));
        location.error(RuleFault::Unknown { name: word.to_owned(), known: known.join(", ") })
    }
}

fn once(slot: &mut Option<String>, text: String, what: &'static str, location: TextPosition) -> Result<(), RuleError> {
    if slot.is_some() {
        return location.error(RuleFault::Repeated(what));
    }
    *slot = Some(text);
    Ok(())
}

fn temporary_kinds(assignments: &[Assignment], count: usize) -> Vec<ValueKind> {
    let mut kinds = vec![ValueKind::Scalar; count];
    for assignment in assignments {
        if let Target::Temporary(index) = assignment.target {
            kinds[index] = assignment.kind;
        }
    }
    kinds
}

/// A state is scalar if only scalars flow into it: the least fixed point, reached after at most one round per state.
fn infer_kinds(states: &mut [State], assignments: &mut [Assignment], temporaries: usize) {
    loop {
        let mut changed = false;
        for index in 0..assignments.len() {
            let kinds = temporary_kinds(assignments, temporaries);
            let assignment = &mut assignments[index];
            let kind = match assignment.target {
                Target::Theta => ValueKind::PerParameter,
                _ => Rule::kind_of(&assignment.expression, states, &kinds),
            };
            if let Target::State(state) = assignment.target {
                changed |= states[state].kind != kind;
                states[state].kind = kind;
            }
            changed |= assignment.kind != kind;
            assignment.kind = kind;
        }
        if !changed {
            return;
        }
    }
}

/// The tokens of one line, closed by `End`. A `#` outside quotes starts a comment. Only a formula compares with `<`.
fn tokens(text: &str, line: usize, is_formula: bool) -> Result<Vec<(TextPosition, Token)>, RuleError> {
    let characters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut index = 0;
    let run = |from: usize, holds: &dyn Fn(char) -> bool| {
        characters[from..].iter().take_while(|&&character| holds(character)).count()
    };
    while let Some(&character) = characters.get(index) {
        let location = TextPosition { line, column: index + 1 };
        match character {
            ' ' | '\t' | '\r' => index += 1,
            '#' => break,
            '"' => {
                let length = run(index + 1, &|character| character != '"');
                if index + 1 + length == characters.len() {
                    return TextPosition { line, column: characters.len() + 1 }
                        .error(RuleFault::Unexpected { expected: ExpectedToken::Sign('"'), found: Found::LineEnd });
                }
                let inner: String = characters[index + 1..index + 1 + length].iter().collect();
                if inner.chars().any(char::is_control) {
                    return location.error(RuleFault::Control);
                }
                tokens.push((location, Token::Text(inner)));
                index += length + 2;
            }
            'a'..='z' | 'A'..='Z' | '_' => {
                let length = run(index, &|character| character.is_ascii_alphanumeric() || character == '_');
                tokens.push((location, Token::Word(characters[index..index + length].iter().collect())));
                index += length;
            }
            '0'..='9' | '.' => {
                let digit = |character: char| character.is_ascii_digit();
                let mut end = index + run(index, &digit);
                if characters.get(end) == Some(&'.') {
                    end += 1;
                    end += run(end, &digit);
                }
                if matches!(characters.get(end), Some('e' | 'E')) {
                    let sign = usize::from(matches!(characters.get(end + 1), Some('+' | '-')));
                    let digits = run(end + 1 + sign, &digit);
                    if digits > 0 {
                        end += 1 + sign + digits;
                    }
                }
                let written: String = characters[index..end].iter().collect();
                match written.parse::<f64>().ok() {
                    Some(value) if value.is_finite() => tokens.push((location, Token::Number(value))),
                    Some(_) => {
                        return location.error(RuleFault::TooLarge { written, most: shortest(f64::MAX) });
                    }
                    None => {
                        let found = Found::Written(written);
                        return location.error(RuleFault::Unexpected { expected: ExpectedToken::Number, found });
                    }
                }
                index = end;
            }
            '+' | '-' | '*' | '/' | '^' | '(' | ')' | '[' | ']' | ',' | '=' => {
                tokens.push((location, Token::Sign(character)));
                index += 1;
            }
            '<' if is_formula => {
                tokens.push((location, Token::Sign(character)));
                index += 1;
            }
            _ => return location.error(RuleFault::Character(character.escape_debug().to_string())),
        }
    }
    tokens.push((TextPosition { line, column: index + 1 }, Token::End));
    Ok(tokens)
}
