Feature: Offers
  # a comment before

  What is offered, and
  # one between
  Gven the words of a customer.

  @invariant @structural
  Scenario: Prices are kept
    # a comment
    # and another
    Gven any fact under key "Strategies"
    # and below
    Thne it is refused
    Then no fact under key "Signals" exists
