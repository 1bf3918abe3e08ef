from converge_cli import step


@step("no greeting says {text:text}")
def no_greeting_says(text):
    return f'no fact under key "Signals" with id "greeting:*" where field "text" is "{text}" exists'


@step("no {kind:greeting|farewell} says {text:text}")
def none_says(kind, text):
    return f'no fact under key "Signals" with id "{kind}:*" where field "text" is "{text}" exists'


@step("all invariants {verdict:hold|are kept}")
def invariants_are_kept(verdict):
    return "all invariants hold"
